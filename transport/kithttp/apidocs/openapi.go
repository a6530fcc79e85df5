package apidocs

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// openAPI is what the page shows of a document.
type openAPI struct {
	OpenAPI    string                      `json:"openapi"`
	Info       info                        `json:"info"`
	Paths      ordered[ordered[operation]] `json:"paths"`
	Components components                  `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Version     string `json:"version"`
}

type components struct {
	Schemas   ordered[schema]     `json:"schemas"`
	Responses map[string]response `json:"responses"`
}

type operation struct {
	OperationID string            `json:"operationId"`
	Summary     string            `json:"summary"`
	Description string            `json:"description"`
	Parameters  []parameter       `json:"parameters"`
	RequestBody *response         `json:"requestBody"`
	Responses   ordered[response] `json:"responses"`
	Idempotent  bool              `json:"x-idempotent"`
}

type parameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Schema      schema `json:"schema"`
}

// response is a request's body, too: content with a description.
type response struct {
	Ref         string           `json:"$ref"`
	Description string           `json:"description"`
	Content     ordered[content] `json:"content"`
}

type content struct {
	Schema schema `json:"schema"`
}

// schema is a JSON Schema, as far as it is shown in words.
type schema struct {
	Ref                  string          `json:"$ref"`
	Type                 types           `json:"type"`
	Title                string          `json:"title"`
	Description          string          `json:"description"`
	Format               string          `json:"format"`
	ContentEncoding      string          `json:"contentEncoding"`
	Const                any             `json:"const"`
	Items                *schema         `json:"items"`
	Properties           ordered[schema] `json:"properties"`
	AdditionalProperties *schema         `json:"additionalProperties"`
	AnyOf                []schema        `json:"anyOf"`
	OneOf                []schema        `json:"oneOf"`
}

// types is one type, or several.
type types []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *types) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*t = types{""}
		return json.Unmarshal(text, &(*t)[0])
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// UnmarshalJSON implements json.Unmarshaler: true is a schema of anything.
func (s *schema) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("true")) || bytes.Equal(text, []byte("false")) {
		return nil
	}
	type plain schema
	return json.Unmarshal(text, (*plain)(s))
}

// ordered is a JSON object in the order in which it is written.
type ordered[T any] []entry[T]

type entry[T any] struct {
	Key   string
	Value T
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if brace, err := d.Token(); err != nil || brace != json.Delim('{') {
		return fmt.Errorf("want an object, got %.40s", text)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		e := entry[T]{Key: fmt.Sprint(key)}
		if err := d.Decode(&e.Value); err != nil {
			return err
		}
		*o = append(*o, e)
	}
	return nil
}
