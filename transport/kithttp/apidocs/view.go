package apidocs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// view is what the page sees.
type view struct{ openAPI }

// call is one method at its path.
type call struct {
	operation
	Verb, Path string
	doc        *openAPI
}

// Calls are all methods, in the document's order.
func (v *view) Calls() []call {
	var calls []call
	for _, path := range v.Paths {
		for _, op := range path.Value {
			calls = append(calls, call{op.Value, strings.ToUpper(op.Key), path.Key, &v.openAPI})
		}
	}
	return calls
}

// Words are s for people, with references apart.
func (v *view) Words(s schema) []word { return words(s) }

// property is a part of a schema that has parts.
type property struct {
	Name, Description string
	Words             []word
}

// Properties are the parts of s.
func (v *view) Properties(s schema) []property {
	var list []property
	for _, p := range s.Properties {
		list = append(list, property{p.Key, p.Value.Description, words(p.Value)})
	}
	return list
}

// Notes tell more of a call than its description.
func (c call) Notes() string {
	switch {
	case c.Verb == "GET":
		return "Changes nothing, and may be repeated."
	case c.Verb == "PUT", c.Verb == "DELETE", c.Idempotent:
		return "May be repeated: twice does what once does."
	}
	return ""
}

// Full is the description, if it says more than the summary.
func (c call) Full() string {
	if strings.TrimSuffix(strings.Join(strings.Fields(c.Description), " "), ".") == c.Summary {
		return ""
	}
	return c.Description
}

// Answers are the responses, with references followed.
func (c call) Answers() []answer {
	var list []answer
	for _, r := range c.Responses {
		v := r.Value
		if name, ok := strings.CutPrefix(v.Ref, "#/components/responses/"); ok {
			v = c.doc.Components.Responses[name]
		}
		a := answer{Status: r.Key, Description: v.Description}
		if r.Key == "default" {
			a.Status = "any other"
		}
		for _, content := range v.Content {
			if content.Value.Schema.Ref != "" {
				a.Words = words(content.Value.Schema)
			} else {
				a.Words = []word{{Text: content.Key}}
			}
		}
		list = append(list, a)
	}
	return list
}

type answer struct {
	Status, Description string
	Words               []word
}

// Body is the schema of the request's body; nil if it has none.
func (c call) Body() *schema {
	if c.RequestBody == nil || len(c.RequestBody.Content) == 0 {
		return nil
	}
	return &c.RequestBody.Content[0].Value.Schema
}

// Curl is a command that makes the call.
func (c call) Curl() string {
	var b strings.Builder
	b.WriteString("curl ")
	if c.Verb != "GET" && (c.Verb != "POST" || c.Body() == nil) {
		fmt.Fprintf(&b, "-X %s ", c.Verb)
	}
	if body := c.Body(); body != nil {
		text, err := json.Marshal(c.doc.sample(*body, nil))
		if err == nil {
			fmt.Fprintf(&b, "-d %s ", quote(string(text)))
		}
	}
	return b.String() + quote("http://localhost:8080"+c.Path)
}

// quote is text as one word of a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// sample is a value of s. Schemas that are within themselves end at the second
// time: seen are the references on the way here.
func (d *openAPI) sample(s schema, seen []string) any {
	if name, ok := schemaName(s.Ref); ok {
		for _, e := range d.Components.Schemas {
			if e.Key == name && !slices.Contains(seen, name) {
				return d.sample(e.Value, append(slices.Clone(seen), name))
			}
		}
		return nil
	}
	if len(s.OneOf) > 0 {
		return s.OneOf[0].Const
	}
	if len(s.Type) == 0 { // it may be anything, or missing
		return nil
	}
	switch s.Type[0] {
	case "object":
		o := sampled{}
		for _, p := range s.Properties {
			o = append(o, entry[any]{p.Key, d.sample(p.Value, seen)})
		}
		return o
	case "array":
		return []any{}
	case "string":
		if s.Format == "date-time" {
			return "2006-01-02T15:04:05Z"
		}
		return ""
	case "boolean":
		return false
	}
	return 0
}

// sampled is an object of samples, in its order.
type sampled ordered[any]

// MarshalJSON implements json.Marshaler.
func (o sampled) MarshalJSON() ([]byte, error) {
	var parts []string
	for _, e := range o {
		key, err := json.Marshal(e.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		parts = append(parts, string(key)+":"+string(value))
	}
	return []byte("{" + strings.Join(parts, ",") + "}"), nil
}
