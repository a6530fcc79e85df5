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

// list is what a file says. An entry that cannot be used is in refused, by its
// ID or, where it has none that can be read, as "entry 7"; its error names the
// entry, from 1, and the key.
type list struct {
	set       []sd.Instance
	refused   map[string]error
	anonymous bool // it is not known whom some entry is about
}

// decode reads a whole file. What is no list of entries is an error.
func decode(text []byte) (l list, err error) {
	entries, err := entriesOf(text)
	if err != nil {
		return list{}, err
	}
	l = list{set: make([]sd.Instance, 0, len(entries)), refused: map[string]error{}}
	at := make(map[string]int, len(entries))
	for i, raw := range entries {
		in, err := decodeEntry(raw)
		key := keyOf(&in)
		if first, twice := at[key]; twice && err == nil {
			err = fmt.Errorf("entry %d is %q like it: take one away, or give each an id of its own", first, key)
		}
		if err == nil {
			at[key] = i + 1
			l.set = append(l.set, in)
			continue
		}
		l.anonymous = l.anonymous || key == ""
		if _, twice := at[key]; twice || key == "" {
			key = fmt.Sprintf("entry %d", i+1)
		}
		l.refused[key] = fmt.Errorf("entry %d: %w", i+1, err)
	}
	return l, nil
}

func entriesOf(text []byte) (entries []json.RawMessage, err error) {
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	value := json.RawMessage(text)
	if first(text) == '{' {
		fields, err := fieldsOf(text)
		if err != nil {
			return nil, err
		}
		if len(fields) != 1 || fields[0].key != "instances" {
			return nil, fmt.Errorf(`it has the keys %s: write {"instances": [...]} and nothing beside that`, keysOf(fields))
		}
		value = fields[0].value
	}
	if first(value) != '[' {
		return nil, errors.New(`it holds no list: write {"instances": [{"addr": "host:port"}]}, with [] for nobody`)
	}
	err = json.Unmarshal(value, &entries)
	return entries, err
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

func first(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}
