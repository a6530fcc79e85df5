package call

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// arguments is what a method is called with, by name, from words such as
// name=Ada and from a JSON object, if data is not empty. What is not given is
// the zero value.
func (ts types) arguments(m *spec.Method, words []string, data string) (map[string]any, error) {
	given := map[string]any{}
	if data != "" {
		v, err := readJSON([]byte(data))
		object, ok := v.(map[string]any)
		if err != nil || !ok {
			return nil, refuse(m, "--data: it is no JSON object")
		}
		if given, err = ts.checkFields(m.Params, object); err != nil {
			return nil, refuse(m, "--data: %v", err)
		}
	}
	for _, word := range words {
		if err := ts.argument(m, word, given); err != nil {
			return nil, refuse(m, "%s: %v", word, err)
		}
	}
	return given, nil
}

// argument adds one word to what was given. A list may be given in several.
func (ts types) argument(m *spec.Method, word string, given map[string]any) error {
	name, text, ok := strings.Cut(word, "=")
	if !ok {
		return errors.New("an argument is name=value")
	}
	f, err := field(m.Params, name)
	if err != nil {
		return err
	}
	v, err := ts.parse(f.Type, text)
	if err != nil {
		return err
	}
	list, more := given[f.JSON].([]any)
	if added, ok := v.([]any); ok && more && pointed(f.Type).Kind == spec.Slice {
		v = slices.Concat(list, added)
	}
	given[f.JSON] = v
	return nil
}

// refuse says what is wrong with arguments, and what the method takes.
func refuse(m *spec.Method, format string, args ...any) error {
	return project.Refusal(fmt.Sprintf(format, args...) + "; " + usage(m))
}

// usage is what a method takes.
func usage(m *spec.Method) string {
	if len(m.Params) == 0 {
		return m.Name + " takes nothing"
	}
	var words []string
	for _, f := range m.Params {
		words = append(words, f.JSON+"="+strings.ToUpper(f.Type.Go))
	}
	return "write " + m.Name + " " + strings.Join(words, " ")
}

// content is the text itself, or that of the file that it names after an @.
func content(text string, stdin io.Reader) (string, error) {
	name, ok := strings.CutPrefix(text, "@")
	if !ok {
		return text, nil
	}
	if name == "-" {
		b, err := io.ReadAll(stdin)
		return string(b), err
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", project.Refusal(fmt.Sprintf("--data: %v", err))
	}
	return string(b), nil
}
