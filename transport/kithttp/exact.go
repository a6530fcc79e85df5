package kithttp

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// DecodeExactJSON is DecodeJSON for types with Go arrays in them: encoding/json
// cuts what is too long for one and fills up what is too short, and here that
// is an error, 400, that names the field. It takes the body apart once more, so
// other types are better off with DecodeJSON.
func DecodeExactJSON[T any](_ context.Context, r *http.Request) (any, error) {
	request, err := ReadExactJSON[T](r)
	if err != nil {
		return nil, err
	}
	return request, nil
}

// ReadExactJSON is DecodeExactJSON for decoders that look at more than the body.
func ReadExactJSON[T any](r *http.Request) (request T, err error) {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return request, err
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return request, badRequest(jsonProblem(err))
	}
	if problem := misfit(reflect.TypeFor[T](), body, ""); problem != "" {
		return request, badRequest("request body: " + problem)
	}
	return request, nil
}

// misfit is what is wrong with the length of an array in text, which has been
// decoded into a t already; at is where that is in the body.
func misfit(t reflect.Type, text json.RawMessage, at string) string {
	if decodesItself(t) || string(text) == "null" {
		return ""
	}
	switch t.Kind() {
	case reflect.Pointer:
		return misfit(t.Elem(), text, at)
	case reflect.Array:
		items := apart[[]json.RawMessage](text)
		if len(items) != t.Len() {
			return fmt.Sprintf("field %q: want an array of %d, got one of %d", at, t.Len(), len(items))
		}
		return misfitAmong(t.Elem(), items, at)
	case reflect.Slice:
		return misfitAmong(t.Elem(), apart[[]json.RawMessage](text), at)
	case reflect.Map:
		values := apart[map[string]json.RawMessage](text)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if problem := misfit(t.Elem(), values[key], dot(at, key)); problem != "" {
				return problem
			}
		}
	case reflect.Struct:
		return misfitWithin(t, apart[map[string]json.RawMessage](text), at)
	}
	return ""
}

func misfitAmong(elem reflect.Type, items []json.RawMessage, at string) string {
	for i, item := range items {
		if problem := misfit(elem, item, dot(at, strconv.Itoa(i))); problem != "" {
			return problem
		}
	}
	return ""
}

// misfitWithin looks at the fields of a struct as encoding/json finds them: those
// of embedded structs are the object's own, and case does not count.
func misfitWithin(t reflect.Type, object map[string]json.RawMessage, at string) string {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			if problem := misfitWithin(inner, object, at); problem != "" {
				return problem
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		for key, value := range object {
			if !strings.EqualFold(key, name) || name == "-" || !f.IsExported() {
				continue
			}
			if problem := misfit(f.Type, value, dot(at, key)); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// decodesItself reports whether t has its own idea of its JSON.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// apart is the parts of text, or none of text that is of another kind, such as
// base64 for a list of bytes.
func apart[T any](text json.RawMessage) (parts T) {
	if json.Unmarshal(text, &parts) != nil {
		var none T
		return none
	}
	return parts
}

func dot(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
