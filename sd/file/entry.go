package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/sd"
)

// decodeEntry reads one instance, "host:port" or an object. With an error comes
// what could be read.
func decodeEntry(raw json.RawMessage) (in sd.Instance, err error) {
	switch first(raw) {
	case '"':
		if err := json.Unmarshal(raw, &in.Addr); err != nil {
			return in, err
		}
		return in, in.Validate()
	case '{':
	default:
		return in, fmt.Errorf(`it is %s: write "host:port" or {"addr": "host:port"}`, show(raw))
	}
	fields, err := fieldsOf(raw)
	if err != nil {
		return in, err
	}
	idle := false
	for _, f := range fields {
		if wrong := f.into(&in, &idle); wrong != nil && err == nil {
			err = wrong // and go on: the ID may come later
		}
	}
	if err != nil {
		return in, err
	}
	if idle && in.State != sd.Critical {
		in.State = sd.Draining
	}
	return in, in.Validate()
}

// into sets the field of in that f is about. idle becomes true of one that
// should get no calls, a weight of 0.
func (f field) into(in *sd.Instance, idle *bool) (err error) {
	switch f.key {
	case "id":
		return f.read(&in.ID, "a string")
	case "addr":
		return f.read(&in.Addr, `a string, "host:port"`)
	case "zone":
		return f.read(&in.Zone, "a string")
	case "version":
		return f.read(&in.Version, "a string")
	case "tags":
		return f.tags(in)
	case "weight":
		err := f.read(&in.Weight, fmt.Sprintf("a whole number from 1 to %d, or 0 for draining", sd.MaxWeight))
		*idle = in.Weight == 0
		return err
	case "state":
		return f.state(in)
	case "meta":
		return f.meta(in)
	}
	return fmt.Errorf("unknown key %s: it takes addr, id, meta, state, tags, version, weight and zone", quote(f.key))
}

func (f field) state(in *sd.Instance) error {
	const want = "up, warning, draining or critical"
	var name string
	if err := f.read(&name, want); err != nil {
		return err
	}
	for s := sd.Up; s <= sd.Critical; s++ {
		if s.String() == name {
			in.State = s
			return nil
		}
	}
	return fmt.Errorf("key state is %s: write %s", quote(name), want)
}

func (f field) tags(in *sd.Instance) error {
	const want = "a list of strings"
	var list []*string // a null would pass for an empty one otherwise
	if err := f.read(&list, want); err != nil {
		return err
	}
	for _, tag := range list {
		if tag == nil {
			return fmt.Errorf("key tags is %s: write %s", show(f.value), want)
		}
		in.Tags = append(in.Tags, *tag)
	}
	return nil
}

func (f field) meta(in *sd.Instance) error {
	const want = "an object of strings"
	if first(f.value) != '{' {
		return fmt.Errorf("key meta is %s: write %s", show(f.value), want)
	}
	pairs, err := fieldsOf(f.value)
	if err != nil {
		return fmt.Errorf("key meta: %w", err)
	}
	in.Meta = make(map[string]string, len(pairs))
	for _, pair := range pairs {
		var value string
		if err := pair.read(&value, "a string"); err != nil {
			return fmt.Errorf("key meta: %w", err)
		}
		in.Meta[pair.key] = value
	}
	return nil
}

// field is one key of an object, with its value.
type field struct {
	key   string
	value json.RawMessage
}

// fieldsOf lists the keys of an object, which is well formed, in order.
func fieldsOf(raw json.RawMessage) ([]field, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil { // {
		return nil, err
	}
	var fields []field
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		f := field{key: fmt.Sprint(token)}
		if seen[f.key] {
			return nil, fmt.Errorf("key %s is there twice: keep one", quote(f.key))
		}
		seen[f.key] = true
		if err := d.Decode(&f.value); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func (f field) read(to any, want string) error {
	wrong := errors.New("null")
	if first(f.value) != 'n' { // which json would take for nothing said
		wrong = json.Unmarshal(f.value, to)
	}
	if wrong != nil {
		return fmt.Errorf("key %s is %s: write %s, or take the key away", quote(f.key), show(f.value), want)
	}
	return nil
}

func keysOf(fields []field) string {
	if len(fields) == 0 {
		return "{}, none"
	}
	keys := make([]string, 0, 4)
	for _, f := range fields[:min(len(fields), 4)] {
		keys = append(keys, quote(f.key))
	}
	return strings.Join(keys, ", ")
}

const mostShown = 64 // bytes, of somebody else's text in an error

func quote(s string) string {
	if len(s) > mostShown {
		return fmt.Sprintf("%+q...", s[:mostShown])
	}
	return fmt.Sprintf("%+q", s)
}

// show is JSON as it stands, where that fits a line of a log.
func show(raw json.RawMessage) string {
	for _, c := range raw {
		if c < ' ' || c > '~' {
			return quote(string(raw))
		}
	}
	if len(raw) > mostShown {
		return string(raw[:mostShown]) + "..."
	}
	return string(raw)
}
