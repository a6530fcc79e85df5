package etcd

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/sd"
)

const (
	valueVersion = 1
	maxValue     = 4 << 10  // that we write
	maxForeign   = 64 << 10 // that we read
)

// value is an instance as it stands in etcd; its ID is in the key. Names match
// in any case, which also reads the {"Op":0,"Addr":"host:port"} of etcd's
// naming package.
type value struct {
	V       int               `json:"v,omitempty"`
	Addr    string            `json:"addr"`
	Weight  *int              `json:"weight,omitempty"` // 0 is no default: it says Draining
	Zone    string            `json:"zone,omitempty"`
	Version string            `json:"version,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]string `json:"meta,omitempty"`
	State   string            `json:"state,omitempty"`
}

// encode returns what is stored for in. The same instance gives the same bytes.
func encode(in sd.Instance) (string, error) {
	if err := in.Validate(); err != nil {
		return "", err
	}
	v := value{
		V: valueVersion, Addr: in.Addr, Zone: in.Zone, Version: in.Version,
		Tags: in.Tags, Meta: in.Meta, State: nameOf(in.State),
	}
	if in.Weight != 0 {
		v.Weight = &in.Weight
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	if len(b) > maxValue {
		return "", fmt.Errorf("%w %q: it takes %d bytes in etcd, more than %d: shorten its Meta and Tags", sd.ErrInvalid, in.ID, len(b), maxValue)
	}
	return string(b), nil
}

// decode reads a value of any of the known shapes.
func decode(id string, b []byte) (sd.Instance, error) {
	if len(b) > maxForeign {
		return sd.Instance{}, fmt.Errorf("value has %d bytes, more than %d", len(b), maxForeign)
	}
	v := value{Addr: strings.TrimSpace(string(b))} // a bare host:port, unless
	if strings.HasPrefix(v.Addr, "{") {
		v = value{}
		if err := json.Unmarshal(b, &v); err != nil {
			return sd.Instance{}, fmt.Errorf("value is no instance: %w", err)
		}
	}
	if v.V > valueVersion {
		return sd.Instance{}, fmt.Errorf("value has version %d, this program reads up to %d: upgrade it", v.V, valueVersion)
	}
	in := sd.Instance{ID: id, Addr: v.Addr, Zone: v.Zone, Version: v.Version, Tags: v.Tags, Meta: v.Meta}
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
	return in, in.Validate()
}

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
	return 0, fmt.Errorf("state %.40q is unknown", name)
}
