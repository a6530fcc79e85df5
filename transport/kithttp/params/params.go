package params

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/kitgen/kitgen/transport"
)

// Params are the values in one request's URL, while they are read. The first that
// cannot be read is what Err returns. It is for one goroutine.
type Params struct {
	r     *http.Request
	query url.Values
	asked map[string]bool // keys of query
	err   error
}

// Of is the values in r.
func Of(r *http.Request) *Params {
	p := &Params{r: r}
	if r.URL.RawQuery == "" {
		return p
	}
	p.asked = make(map[string]bool)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		p.fail("query: %v", err)
	}
	p.query = query
	return p
}

// Err is what is wrong with the request: a *transport.Error with status 400; nil if
// every value could be read, and the query has no others.
func (p *Params) Err() error {
	if p.err != nil {
		return p.err
	}
	for _, key := range slices.Sorted(maps.Keys(p.query)) {
		if !p.asked[key] {
			p.fail("query parameter %q: there is none of that name here", key)
			break
		}
	}
	return p.err
}

// fail keeps the first error.
func (p *Params) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &transport.Error{Status: http.StatusBadRequest, Code: "invalid_argument", Message: fmt.Sprintf(format, args...)}
	}
}

// values are those of a key in the query.
func (p *Params) values(key string) []string {
	if p.query == nil {
		return nil
	}
	p.asked[key] = true
	return p.query[key]
}

// Path is the value of the variable name in the pattern of the http.ServeMux that
// the request came by.
func Path[T any](p *Params, name string, parse func(string) (T, error)) T {
	return read(p, "path parameter", name, p.r.PathValue(name), parse)
}

// Query is the value of key in the query, at most one; the zero T if there is none.
func Query[T any](p *Params, key string, parse func(string) (T, error)) T {
	v := Optional(p, key, parse)
	if v == nil {
		v = new(T)
	}
	return *v
}

// Optional is Query for values that may be missing: nil if there is none.
func Optional[T any](p *Params, key string, parse func(string) (T, error)) *T {
	values := p.values(key)
	switch len(values) {
	case 0:
		return nil
	case 1:
		v := read(p, "query parameter", key, values[0], parse)
		return &v
	}
	p.fail("query parameter %q: it is there %d times, and can be there once", key, len(values))
	return nil
}

// List is all values of key in the query; nil if there is none.
func List[T any](p *Params, key string, parse func(string) (T, error)) []T {
	var list []T
	for _, text := range p.values(key) {
		list = append(list, read(p, "query parameter", key, text, parse))
	}
	return list
}

// read parses one value. What parse says is for the caller to read.
func read[T any](p *Params, what, name, text string, parse func(string) (T, error)) T {
	v, err := parse(text)
	if err != nil {
		p.fail("%s %q: %v", what, name, err)
	}
	return v
}
