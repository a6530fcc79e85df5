package spec

import (
	"go/ast"
	"strings"
)

// write is the mend of a signature: the method as it should be declared, with
// the context first and the error last.
func (l *loader) write(c *call) string {
	params, named := l.spellValues(c.params, value.isContext)
	ctx := "context.Context"
	if named || len(params) == 0 {
		ctx = "ctx context.Context"
	}
	params = append([]string{ctx}, params...)

	results, named := l.spellValues(c.results, value.isError)
	switch {
	case c.noError:
	case named:
		results = append(results, "err error")
	default:
		results = append(results, "error")
	}
	text := "write " + c.name.Name + "(" + strings.Join(params, ", ") + ")"
	switch {
	case len(results) == 0:
		return text
	case len(results) == 1 && !named:
		return text + " " + results[0]
	}
	return text + " (" + strings.Join(results, ", ") + ")"
}

// spellValues writes values in the groups they were declared in, without those to
// drop, and says whether they have names.
func (l *loader) spellValues(values []value, drop func(value) bool) (list []string, named bool) {
	var last *ast.Field
	for _, v := range values {
		if v.group == last || drop(v) {
			continue
		}
		last = v.group
		text := l.text(v.group.Type)
		if len(v.group.Names) > 0 {
			named = true
			ids := make([]string, len(v.group.Names))
			for i, n := range v.group.Names {
				ids[i] = n.Name
			}
			text = strings.Join(ids, ", ") + " " + text
		}
		list = append(list, text)
	}
	return list, named
}
