package call

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// parts puts values where the route of m has them.
func parts(m *spec.Method, values map[string]any) (kithttp.Parts, error) {
	p := kithttp.Parts{Query: url.Values{}}
	body := map[string]any{}
	for _, f := range m.InPath() {
		text, err := inURL(f.Type, values[f.JSON])
		if err != nil {
			return p, fmt.Errorf("%s: %w", f.JSON, err)
		}
		p.Path = append(p.Path, text)
	}
	hasBody := false
	for _, f := range m.Params {
		v, given := values[f.JSON]
		place := m.Place(f)
		hasBody = hasBody || place == spec.InBody
		switch {
		case !given || v == nil || place == spec.InPath:
		case place == spec.InBody:
			body[f.JSON] = v
		default:
			if err := addQuery(p.Query, f, v); err != nil {
				return p, err
			}
		}
	}
	if hasBody {
		p.Body = body
	}
	return p, nil
}

// addQuery adds one value, or each of a list.
func addQuery(q url.Values, f spec.Field, v any) error {
	t := pointed(f.Type)
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	} else {
		t = t.Elem
	}
	for _, e := range list {
		text, err := inURL(t, e)
		if err != nil {
			return fmt.Errorf("%s: %w", f.JSON, err)
		}
		q.Add(f.JSON, text)
	}
	return nil
}

// inURL is a scalar as it is written in a path or a query.
func inURL(t *spec.Type, v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return zeroInURL(t), nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case json.Number:
		if pointed(t).Kind != spec.Duration {
			return v.String(), nil
		}
		ns, err := v.Int64()
		return time.Duration(ns).String(), err
	}
	return "", fmt.Errorf("a %s cannot be in a URL", t.Go)
}

// zeroInURL is a value that was not given.
func zeroInURL(t *spec.Type) string {
	switch {
	case t.Kind == spec.Bool:
		return "false"
	case t.Kind == spec.Duration:
		return "0s"
	case t.Kind == spec.Time:
		return time.Time{}.Format(time.RFC3339Nano)
	case t.Kind == spec.Float32, t.Kind == spec.Float64, t.Kind == spec.EnumT && !t.Text, bits(t) != 0:
		return "0"
	}
	return ""
}

// ordered is an object whose members stand as the interface has them.
type ordered struct {
	fields []spec.Field
	values map[string]any
}

// MarshalJSON writes the object.
func (o ordered) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range o.fields {
		key, err := json.Marshal(f.JSON)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(o.values[f.JSON])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}
