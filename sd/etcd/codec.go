package etcd

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/sd"
)

const (
	valueVersion = 1
	maxValue     = 4 << 10  // that we write
	maxForeign   = 64 << 10 // that we read
	maxService   = 64 << 20 // that we read of all values of a service together
)

// value is an instance as it stands in etcd; its ID is in the key. Names match
// in any case, which also reads the {"Op":0,"Addr":"host:port"} of etcd's
// naming package.
type value struct {
	V       int               `json:"v,omitempty"`
	ID      string            `json:"id,omitempty"` // in naming.Metadata only
	Addr    string            `json:"addr,omitempty"`
	Weight  *int              `json:"weight,omitempty"` // 0 is no default: it says Draining
	Zone    string            `json:"zone,omitempty"`
	Version string            `json:"version,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]string `json:"meta,omitempty"`
	State   string            `json:"state,omitempty"`

	// Metadata is what naming.Metadata reads; foreign unless a string of ours.
	Metadata json.RawMessage `json:"Metadata,omitempty"` //nolint:tagliatelle // etcd's spelling
}

// naming is an instance as etcd's naming package writes it.
type naming struct {
	Op       int
	Addr     string
	Metadata string // a value without Addr, as JSON
}

// encode returns what is stored for in. The same instance gives the same bytes.
func encode(in sd.Instance) (string, error) {
	if err := in.Validate(); err != nil {
		return "", err
	}
	return marshal(in.ID, valueOf(in))
}

func encodeNaming(in sd.Instance) (string, error) {
	if err := in.Validate(); err != nil {
		return "", err
	}
	v := valueOf(in)
	v.ID, v.Addr = in.ID, ""
	metadata, err := marshal(in.ID, v)
	if err != nil {
		return "", err
	}
	return marshal(in.ID, naming{Addr: in.Addr, Metadata: metadata})
}

func valueOf(in sd.Instance) value {
	v := value{
		V: valueVersion, Addr: in.Addr, Zone: in.Zone, Version: in.Version,
		Tags: in.Tags, Meta: in.Meta, State: nameOf(in.State),
	}
	if in.Weight != 0 {
		v.Weight = &in.Weight
	}
	return v
}

func marshal(id string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	if len(b) > maxValue {
		return "", fmt.Errorf("%w %q: it takes %d bytes in etcd, more than %d: shorten its Meta and Tags", sd.ErrInvalid, id, len(b), maxValue)
	}
	return string(b), nil
}

// decode reads a value of any of the known shapes, which may name an ID other
// than the key's. Its errors are of type *bad.
func decode(id string, b []byte) (sd.Instance, error) {
	if len(b) > maxForeign {
		return sd.Instance{}, badf("size", "value has %d bytes, more than %d", len(b), maxForeign)
	}
	v := value{Addr: bare(string(b))}
	if strings.HasPrefix(v.Addr, "{") {
		var err error
		if v, err = parse(b); err != nil {
			return sd.Instance{}, err
		}
	}
	if v.V < 0 || v.V > valueVersion {
		return sd.Instance{}, badf("version", "value has version %d, this program reads up to %d: upgrade it", v.V, valueVersion)
	}
	in := sd.Instance{ID: cmp.Or(v.ID, id), Addr: v.Addr, Zone: v.Zone, Version: v.Version, Tags: v.Tags, Meta: v.Meta}
	var err error
	if in.State, err = stateOf(v.State); err != nil {
		return sd.Instance{}, err
	}
	if v.Weight != nil {
		in.Weight = min(*v.Weight, sd.MaxWeight)
		if in.Weight == 0 && in.State != sd.Critical {
			in.State = sd.Draining
		}
	}
	if err := in.Validate(); err != nil {
		return sd.Instance{}, &bad{reason: "instance", err: err}
	}
	return in, nil
}

// bare is a value that is nothing but an address. go-kit's etcdv3 may have
// written it with the scheme that it is to be called by.
func bare(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "http://"); ok {
		return strings.TrimSuffix(rest, "/")
	}
	return s
}

// parse reads JSON of ours, or of etcd's naming package, which may have ours
// in it.
func parse(b []byte) (value, error) {
	v, err := unmarshal(b)
	if err != nil {
		return v, err
	}
	v.ID = ""
	text := ""
	if err := json.Unmarshal(v.Metadata, &text); err != nil || !strings.HasPrefix(text, "{") {
		return v, nil //nolint:nilerr // there is none, or it is somebody else's
	}
	inner, err := unmarshal([]byte(text))
	if err != nil || inner.V == 0 {
		return v, nil //nolint:nilerr // somebody else's, who may write what they like
	}
	inner.Addr, inner.Metadata = v.Addr, nil
	return inner, nil
}

func unmarshal(b []byte) (v value, err error) {
	if err := json.Unmarshal(b, &v); err != nil {
		return v, badf("syntax", "value is no instance: %w", err)
	}
	// Two of a name, in whatever case, mean one thing here and another to the
	// next reader.
	return v, distinct(b)
}

// distinct says which name an object has twice. b is valid JSON.
func distinct(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	seen := map[string]bool{}
	for depth, key := 0, true; ; {
		token, err := d.Token()
		if err != nil {
			return nil //nolint:nilerr // the end: what is wrong was found before
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth != 1 {
			continue
		}
		if name, ok := token.(string); ok && key {
			if name = strings.ToLower(strings.ToUpper(name)); seen[name] { // as encoding/json folds
				return badf("syntax", "value has %.40q twice: keep one", name)
			}
			seen[name], key = true, false
			continue
		}
		key = true
	}
}

// bad is why an entry of etcd cannot be used.
type bad struct {
	reason string // one of those of Stats.Quarantined
	err    error
}

func badf(reason, format string, args ...any) error {
	return &bad{reason: reason, err: fmt.Errorf(format, args...)}
}

func (b *bad) Error() string { return b.err.Error() }
func (b *bad) Unwrap() error { return b.err }

// nameOf is how a state stands in a value. Up goes without saying.
func nameOf(s sd.State) string {
	switch s {
	case sd.Warning:
		return "warning"
	case sd.Draining:
		return "draining"
	case sd.Critical:
		return "critical"
	default:
		return ""
	}
}

func stateOf(name string) (sd.State, error) {
	for s := sd.Up; s <= sd.Critical; s++ {
		if nameOf(s) == name {
			return s, nil
		}
	}
	return 0, badf("instance", "state %.40q is unknown", name)
}
