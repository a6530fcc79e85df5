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

// writeJSON writes v as people read it: an object's members in their order, one a
// line. encoding/json would go through an object once for each that it is in.
func writeJSON(b *bytes.Buffer, v any, indent string) error {
	deeper := indent + "  "
	switch v := v.(type) {
	case object:
		return writeEach(b, "{}", len(v), indent, func(i int) error {
			if err := writeJSON(b, v[i].key, deeper); err != nil {
				return err
			}
			b.WriteString(": ")
			return writeJSON(b, v[i].value, deeper)
		})
	case []any:
		return writeEach(b, "[]", len(v), indent, func(i int) error { return writeJSON(b, v[i], deeper) })
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("\n"))
	return nil
}

// writeEach writes n elements between brackets.
func writeEach(b *bytes.Buffer, brackets string, n int, indent string, write func(i int) error) error {
	if n == 0 {
		b.WriteString(brackets)
		return nil
	}
	b.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + indent + "  ")
		if err := write(i); err != nil {
			return err
		}
	}
	b.WriteString("\n" + indent + brackets[1:])
	return nil
}
