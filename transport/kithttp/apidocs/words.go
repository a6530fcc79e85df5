package apidocs

import (
	"fmt"
	"slices"
	"strings"
)

// word is text, or the name of a schema that is described elsewhere on the page.
type word struct{ Text, Ref string }

// words say what a schema is.
func words(s schema) []word {
	if name, ok := schemaName(s.Ref); ok {
		return []word{{Text: name, Ref: name}}
	}
	if choices := slices.Concat(s.AnyOf, s.OneOf); len(choices) > 0 {
		var list []word
		for i, c := range choices {
			if i > 0 {
				list = append(list, word{Text: " or "})
			}
			list = append(list, words(c)...)
		}
		return list
	}
	if s.Const != nil {
		if s.Title != "" {
			return []word{{Text: fmt.Sprintf("%v (%s)", s.Const, s.Title)}}
		}
		return []word{{Text: fmt.Sprint(s.Const)}}
	}
	if len(s.Type) == 0 {
		return []word{{Text: "anything"}}
	}
	list := named(s, s.Type[0])
	for _, t := range s.Type[1:] {
		list = append(list, word{Text: " or " + t})
	}
	return list
}

// named says what a schema of one type is.
func named(s schema, typ string) []word {
	switch {
	case typ == "array" && s.Items != nil:
		return append([]word{{Text: "array of "}}, words(*s.Items)...)
	case typ == "object" && s.AdditionalProperties != nil:
		return append([]word{{Text: "object of "}}, words(*s.AdditionalProperties)...)
	case s.ContentEncoding != "":
		return []word{{Text: typ + ", " + s.ContentEncoding}}
	case s.Format != "":
		return []word{{Text: typ + ", " + s.Format}}
	}
	return []word{{Text: typ}}
}

func schemaName(ref string) (string, bool) { return strings.CutPrefix(ref, "#/components/schemas/") }
