package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// value is a JSON value that knows its line.
type value struct {
	line    int
	scalar  any // string, json.Number, bool or nil, unless one of the next
	members map[string]*value
	keys    []string // of members, in their order
	items   []*value
	list    bool
}

// what names a value's type for an error.
func (v *value) what() string {
	switch s := v.scalar.(type) {
	case string:
		return fmt.Sprintf("%q", s)
	case json.Number:
		return s.String()
	case bool:
		return strconv.FormatBool(s)
	}
	switch {
	case v.members != nil:
		return "an object"
	case v.list:
		return "a list"
	}
	return "null"
}

// parse reads text, and may fail with an error that begins with file:line.
func parse(file string, text []byte) (*value, error) {
	text = uncomment(text)
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	t := tree{file, text, d}
	v, err := t.next()
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, t.fault("something follows the closing brace: a file holds one fleet")
	}
	return v, nil
}

type tree struct {
	file string
	text []byte
	d    *json.Decoder
}

// line is that of the latest token.
func (t *tree) line() int {
	return 1 + bytes.Count(t.text[:min(int(t.d.InputOffset()), len(t.text))], []byte("\n"))
}

func (t *tree) fault(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", t.file, t.line(), fmt.Sprintf(format, args...))
}

func (t *tree) token() (json.Token, error) {
	token, err := t.d.Token()
	switch syntax, bad := errors.AsType[*json.SyntaxError](err); {
	case bad:
		return nil, t.fault("not JSON: %s", syntax)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, t.fault("ends too early: a brace, bracket or quote is open, or nothing is there")
	case err != nil:
		return nil, t.fault("not JSON: %s", err)
	}
	return token, nil
}

func (t *tree) next() (*value, error) {
	token, err := t.token()
	if err != nil {
		return nil, err
	}
	v := &value{line: t.line()}
	switch token {
	case json.Delim('{'):
		v.members = map[string]*value{}
		return v, t.object(v)
	case json.Delim('['):
		v.list = true
		return v, t.array(v)
	}
	v.scalar = token
	return v, nil
}

func (t *tree) object(v *value) error {
	for t.d.More() {
		token, err := t.token()
		if err != nil {
			return err
		}
		key, _ := token.(string) // the decoder allows nothing else
		if first := v.members[key]; first != nil {
			return t.fault("%s: stands on line %d already: remove one", key, first.line)
		}
		if v.members[key], err = t.next(); err != nil {
			return err
		}
		v.keys = append(v.keys, key)
	}
	_, err := t.token()
	return err
}

func (t *tree) array(v *value) error {
	for t.d.More() {
		item, err := t.next()
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, err := t.token()
	return err
}

// uncomment blanks out what follows // on a line, outside of strings, so that
// lines keep their numbers.
func uncomment(text []byte) []byte {
	text = bytes.Clone(text)
	var quoted, escaped, comment bool
	for i, c := range text {
		switch {
		case c == '\n':
			quoted, escaped, comment = false, false, false
		case comment:
			text[i] = ' '
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			comment = true
			text[i] = ' '
		}
	}
	return text
}
