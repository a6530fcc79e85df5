package consul

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// Meta keys of what Consul has no field for.
const (
	zoneKey    = "zone"
	versionKey = "version"
)

const (
	maxID     = 255
	maxWeight = 65535 // Consul's own
)

// toConsul is what is registered for in, check aside.
func toConsul(service string, in sd.Instance) (*api.AgentServiceRegistration, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if err := checkID(in.ID); err != nil {
		return nil, err
	}
	if in.Weight > maxWeight {
		return nil, fmt.Errorf("%w %q: weight %d is above %d, Consul's highest", sd.ErrInvalid, in.ID, in.Weight, maxWeight)
	}
	host, port, err := splitAddr(in.Addr)
	if err != nil {
		return nil, err
	}
	meta, err := metaOf(in)
	if err != nil {
		return nil, err
	}
	weight := max(in.Weight, 1)
	return &api.AgentServiceRegistration{
		ID: in.ID, Name: service, Address: host, Port: port, Tags: in.Tags, Meta: meta,
		Weights: &api.AgentWeights{Passing: weight, Warning: weight},
	}, nil
}

// checkID refuses what does not survive a path: the client concatenates them,
// and servers clean and unescape them, some twice.
func checkID(id string) error {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`/\?#%`, r) }
	if id == "" || id == "." || id == ".." || len(id) > maxID || strings.ContainsFunc(id, odd) {
		return fmt.Errorf("%w: ID %.64q does not fit into Consul's paths: use up to %d printable ASCII characters other than space / \\ ? # %%, as sd.NewID does", sd.ErrInvalid, id, maxID)
	}
	return nil
}

// splitAddr splits an address that has been validated.
func splitAddr(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// metaOf adds zone and version to the instance's own pairs.
func metaOf(in sd.Instance) (map[string]string, error) {
	meta := maps.Clone(in.Meta)
	for key, text := range map[string]string{zoneKey: in.Zone, versionKey: in.Version} {
		if _, taken := in.Meta[key]; taken {
			return nil, fmt.Errorf("%w %q: meta has the key %q: set the Instance's field of that name instead", sd.ErrInvalid, in.ID, key)
		}
		if text == "" {
			continue
		}
		if meta == nil {
			meta = map[string]string{}
		}
		meta[key] = text
	}
	return meta, nil
}

// fromConsul reads an entry, whoever registered it.
func fromConsul(e *api.ServiceEntry) sd.Instance {
	s := e.Service
	host := cmp.Or(s.Address, e.Node.Address)
	in := sd.Instance{
		ID: s.ID, Addr: net.JoinHostPort(host, strconv.Itoa(s.Port)), State: stateOf(e.Checks),
		Zone: s.Meta[zoneKey], Version: s.Meta[versionKey],
	}
	if len(s.Tags) > 0 {
		in.Tags = slices.Clone(s.Tags)
	}
	for key, text := range s.Meta {
		if key == zoneKey || key == versionKey {
			continue
		}
		if in.Meta == nil {
			in.Meta = make(map[string]string, len(s.Meta))
		}
		in.Meta[key] = text
	}
	weigh(&in, s.Weights)
	return in
}

// weigh picks the weight that counts in the instance's state. Consul's default
// is 1; an explicit 0 keeps callers away.
func weigh(in *sd.Instance, w api.AgentWeights) {
	in.Weight = w.Passing
	if in.State == sd.Warning {
		in.Weight = w.Warning
		if w.Warning <= 0 && w.Passing > 0 {
			in.State = sd.Critical
		}
	}
	in.Weight = max(in.Weight, 1)
}
