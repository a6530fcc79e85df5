package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/kitgen/kitgen/sd"
)

// document and entry are what Write writes. Reading is stricter than
// encoding/json, which takes keys in any case, twice, and of any name.
type document struct {
	Instances []entry `json:"instances"`
}

type entry struct {
	ID      string            `json:"id,omitempty"`
	Addr    string            `json:"addr"`
	Weight  int               `json:"weight,omitempty"`
	Zone    string            `json:"zone,omitempty"`
	Version string            `json:"version,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]string `json:"meta,omitempty"`
	State   string            `json:"state,omitempty"`
}

// decode reads a whole file. Its errors name the entry, from 1, and the key.
func decode(text []byte) ([]sd.Instance, error) {
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	list := json.RawMessage(text)
	if first(text) == '{' {
		fields, err := fieldsOf(text)
		if err != nil {
			return nil, err
		}
		if len(fields) != 1 || fields[0].key != "instances" {
			return nil, fmt.Errorf(`it has the keys %s: write {"instances": [...]} and nothing beside that`, keysOf(fields))
		}
		list = fields[0].value
	}
	if first(list) != '[' {
		return nil, errors.New(`it holds no list: write {"instances": [{"addr": "host:port"}]}, with [] for nobody`)
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(list, &entries); err != nil {
		return nil, err
	}
	set := make([]sd.Instance, 0, len(entries))
	for i, raw := range entries {
		in, err := decodeEntry(raw)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		set = append(set, in)
	}
	return set, distinct(set)
}

// wellFormed says where text stops being JSON.
func wellFormed(text []byte) error {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New(`it is empty: write {"instances": []} for nobody`)
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return errors.New("it starts with a byte order mark: save it as UTF-8 without one")
	case !utf8.Valid(text):
		return errors.New("it is not UTF-8: save it as that")
	}
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		line := 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
		return fmt.Errorf("line %d: it is no JSON, or half of one: %w", line, err)
	}
	return err
}

// distinct says which two entries are one instance.
func distinct(set []sd.Instance) error {
	at := make(map[string]int, len(set))
	for i := range set {
		key := keyOf(&set[i])
		if first, twice := at[key]; twice {
			return fmt.Errorf("entries %d and %d are both %q: take one away, or give each an id of its own", first, i+1, key)
		}
		at[key] = i + 1
	}
	return nil
}

func first(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}
