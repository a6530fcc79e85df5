package render

import (
	"slices"
	"strings"
)

// lineLength is where what is written on one line goes on several.
const lineLength = 140

// Signature is the parameter list, context first, without parentheses. It has
// several lines if it is long.
func (m method) Signature() string {
	params := []variable{{"ctx", "context.Context"}}
	for i, p := range m.Params {
		t := p.GoType
		if m.Variadic && i == len(m.Params)-1 {
			t = "..." + p.Type.Elem.Go
		}
		params = append(params, variable{p.Var, t})
	}
	groups := grouped(params)
	if line := strings.Join(groups, ", "); strings.Contains(line, "\n") || len(m.Name+line+m.Returns()) < lineLength {
		return line
	}
	return "\n" + filled(groups) + "\n"
}

// Returns is the result list: with parentheses and names, unless there is only an
// error, which needs none.
func (m method) Returns() string {
	var results []variable
	for _, r := range m.Results {
		results = append(results, variable{r.Var, m.resultType(r)})
	}
	switch {
	case len(results) == 0 && m.NoError:
		return ""
	case len(results) == 0:
		return "error"
	case !m.NoError:
		results = append(results, variable{"err", "error"})
	}
	return "(" + strings.Join(grouped(results), ", ") + ")"
}

// variable is a parameter or a result.
type variable struct{ name, typ string }

// grouped writes the type of neighbours once: a, b int.
func grouped(list []variable) []string {
	var groups []string
	for i, v := range list {
		if i+1 < len(list) && list[i+1].typ == v.typ {
			groups = append(groups, v.name)
		} else {
			groups = append(groups, v.name+" "+v.typ)
		}
	}
	return groups
}

// filled is a list on lines of its own, with a comma at the end.
func filled(list []string) string {
	var b strings.Builder
	length := 0
	for i, item := range list {
		switch {
		case length+len(item) > lineLength-40:
			b.WriteString(",\n")
			length = 0
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(item)
		length += len(item) + 2
	}
	b.WriteString(",")
	return b.String()
}

// Arguments is what to call the method with, taken from the fields of v.
func (m method) Arguments(v string) string {
	args := []string{"ctx"}
	for _, p := range m.Params {
		args = append(args, v+"."+p.Go)
	}
	if m.Variadic {
		args[len(args)-1] += "..."
	}
	if line := strings.Join(args, ", "); len(line) < lineLength {
		return line
	}
	return "\n" + filled(args) + "\n"
}

// ResultFields is the results as fields of v.
func (m method) ResultFields(v string) string {
	var out []string
	for _, r := range m.Results {
		out = append(out, v+"."+r.Go)
	}
	return strings.Join(out, ", ")
}

// RequestLiteral is a request made of the parameters.
func (m method) RequestLiteral() string {
	return structOf(m.Request, m.Params, func(f field) string { return f.Var })
}

// Answers are the variables that the endpoint has the results in, and
// ResponseLiteral is the response made of them.
func (m method) Answers() string {
	return strings.Join(m.answers(), ", ")
}

// ResponseLiteral is a response made of Answers.
func (m method) ResponseLiteral() string {
	names := m.answers()
	return structOf(m.Response, m.Results, func(f field) string {
		return names[slices.IndexFunc(m.Results, func(r field) bool { return r.Var == f.Var })]
	})
}

func (m method) answers() []string {
	taken := map[string]bool{"ctx": true, "request": true, "req": true, "err": true, "withCode": true}
	var names []string
	for _, r := range m.Results {
		names = append(names, free(taken, r.Name))
	}
	return names
}

// structOf is a struct with a value for each field; of several lines if it is long.
func structOf(typ string, fields []field, value func(field) string) string {
	var values []string
	for _, f := range fields {
		values = append(values, f.Go+": "+value(f))
	}
	if line := strings.Join(values, ", "); len(values) < 2 || len(typ+line) < lineLength-60 {
		return typ + "{" + line + "}"
	}
	return typ + "{\n" + strings.Join(values, ",\n") + ",\n}"
}
