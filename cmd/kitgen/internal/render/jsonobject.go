package render

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object whose members stay in their order.
type object []member

type member struct {
	key   string
	value any
}

// with is o and one more member, unless that is empty.
func (o object) with(key string, value any) object {
	switch v := value.(type) {
	case string:
		if v == "" {
			return o
		}
	case object:
		if len(v) == 0 {
			return o
		}
	case []any:
		if len(v) == 0 {
			return o
		}
	}
	return append(o, member{key, value})
}

// described is o with a comment as its description, before what it has there.
func (o object) described(doc []string) object {
	out := make(object, 0, len(o)+1)
	text := prose(doc)
	for _, m := range o {
		if m.key != "description" {
			out = append(out, m)
		} else if text = fmt.Sprint(text, "\n\n", m.value); len(doc) == 0 {
			text = fmt.Sprint(m.value)
		}
	}
	return out.with("description", text)
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for _, v := range []any{m.key, m.value} {
			text, err := marshal(v, "")
			if err != nil {
				return nil, err
			}
			b.Write(bytes.TrimSuffix(text, []byte("\n")))
			b.WriteByte(':')
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is v as JSON and a line feed, for people to read.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return b.Bytes(), err
}
