package httpgate

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// document is what callers know of a service: one that render wrote, read back.
type document struct {
	Paths      map[string]map[string]*operation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`

	operations []*operation
	codes      map[string]int // status by code of the service's own errors
}

// operation is one method.
type operation struct {
	ID         string              `json:"operationId"`
	Parameters []parameter         `json:"parameters"`
	Body       *body               `json:"requestBody"`
	Responses  map[string]response `json:"responses"`

	verb, path string
}

type parameter struct {
	Name   string  `json:"name"`
	In     string  `json:"in"`
	Schema *schema `json:"schema"`
}

// body is that of a request or of a response.
type body struct {
	Content map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

type response struct {
	body

	Codes []string `json:"x-codes"`
}

// read takes a document apart.
func read(text []byte) (*document, error) {
	d := &document{codes: make(map[string]int)}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, err
	}
	for path, item := range d.Paths {
		for verb, o := range item {
			if o == nil {
				continue
			}
			o.verb, o.path = strings.ToUpper(verb), path
			d.operations = append(d.operations, o)
			for status, r := range o.Responses {
				for _, code := range r.Codes {
					d.codes[code], _ = strconv.Atoi(status)
				}
			}
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int { return strings.Compare(a.route(), b.route()) })
	return d, nil
}

// named is the operation of that ID; nil if there is none.
func (d *document) named(id string) *operation {
	return d.find(func(o *operation) bool { return o.ID == id })
}

// at is the operation that answers the requests that other does; nil if none does.
func (d *document) at(other *operation) *operation {
	return d.find(func(o *operation) bool { return o.shape() == other.shape() })
}

func (d *document) find(is func(*operation) bool) *operation {
	if i := slices.IndexFunc(d.operations, is); i >= 0 {
		return d.operations[i]
	}
	return nil
}

// route is where o is, for people.
func (o *operation) route() string { return o.verb + " " + o.path }

// shape is the route without the names of its variables, which no caller sends.
func (o *operation) shape() string {
	segments := strings.Split(o.route(), "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// in are the parameters in one place: "path" or "query".
func (o *operation) in(place string) []parameter {
	return slices.DeleteFunc(slices.Clone(o.Parameters), func(p parameter) bool { return p.In != place })
}

// query is what the query may have, as if it were an object.
func (o *operation) query() *schema {
	s := &schema{Type: words{"object"}, Properties: make(map[string]*schema)}
	for _, p := range o.in("query") {
		s.Properties[p.Name] = p.Schema
	}
	return s
}

// answer is what a success is answered with.
func (o *operation) answer() *body {
	r := o.Responses["200"]
	return &r.body
}

// lines is the media type of streams, a JSON value on each line.
const lines = "application/x-ndjson"

// streams reports whether b is lines of JSON.
func (b *body) streams() bool {
	if b == nil {
		return false
	}
	_, ok := b.Content[lines]
	return ok
}

// schemas are those of b: of its first line and of the others, if they differ, or of
// the one value that it is; none if there is no body.
func (b *body) schemas() []*schema {
	if b == nil {
		return nil
	}
	for _, media := range []string{lines, "application/json"} {
		c, ok := b.Content[media]
		switch {
		case !ok || c.Schema == nil:
		case len(c.Schema.AnyOf) > 0:
			return c.Schema.AnyOf
		default:
			return []*schema{c.Schema}
		}
	}
	return nil
}
