package call

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// arguments is what a method is called with, by name, from words such as
// name=Ada and from a JSON object. What is not given is the zero value.
func (ts types) arguments(m *spec.Method, words []string, data input) (map[string]any, error) {
	object, err := data.object()
	if err != nil {
		return nil, refuse(ts.describe(m), "%v", err)
	}
	given, err := ts.checkFields(m.Head(), object)
	if err != nil {
		return nil, refuse(ts.describe(m), "%s: %v", data.name, err)
	}
	for _, word := range words {
		if err := ts.argument(m, word, given); err != nil {
			return nil, refuse(ts.describe(m), "%s: %v", word, err)
		}
	}
	return given, nil
}

// argument adds one word to what was given. A list may be given in several.
func (ts types) argument(m *spec.Method, word string, given map[string]any) error {
	name, text, err := cut(word)
	if err != nil {
		return err
	}
	f, err := field(m.Head(), name)
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

func cut(word string) (name, text string, err error) {
	name, text, ok := strings.Cut(word, "=")
	if !ok {
		return "", "", errors.New("an argument is name=value, or a JSON object, or @FILE with one")
	}
	return name, text, nil
}

// refuse says what is wrong with arguments, and what the method takes.
func refuse(a about, format string, args ...any) error {
	return project.Refusal(fmt.Sprintf(format, args...) + "; " + a.usage())
}
