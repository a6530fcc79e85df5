package consul

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// Meta keys of what Consul has no field for.
const (
	zoneKey    = "zone"
	versionKey = "version"
)

// maxWeight is Consul's own.
const maxWeight = 65535

// toConsul is what is registered for in, with a check that has yet to be named.
func (c *Config) toConsul(service string, in sd.Instance) (*api.AgentServiceRegistration, error) {
	in.ID = cmp.Or(in.ID, in.Addr)
	if err := in.Validate(); err != nil {
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
	check, err := c.checkOf(in)
	if err != nil {
		return nil, err
	}
	weight := max(in.Weight, 1)
	return &api.AgentServiceRegistration{
		ID: toServiceID(in.ID), Name: service, Address: host, Port: port, Tags: in.Tags, Meta: meta,
		Weights:   &api.AgentWeights{Passing: weight, Warning: cmp.Or(c.WarningWeight, weight)},
		Namespace: c.Namespace, Partition: c.Partition, Check: check,
	}, nil
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

// metaOf adds to the instance's own pairs what else has to be kept there.
func metaOf(in sd.Instance) (map[string]string, error) {
	kept := map[string]string{zoneKey: in.Zone, versionKey: in.Version, idKey: ""}
	if toServiceID(in.ID) != in.ID {
		kept[idKey] = in.ID
	}
	maps.DeleteFunc(kept, func(_, text string) bool { return text == "" })
	for _, key := range []string{zoneKey, versionKey, idKey} {
		if _, taken := in.Meta[key]; taken {
			return nil, fmt.Errorf("%w %q: meta key %q has a meaning here: use the Instance's field for it, or another key", sd.ErrInvalid, in.ID, key)
		}
	}
	maps.Copy(kept, in.Meta)
	return kept, nil
}

// fromConsul reads an entry, whoever registered it.
func fromConsul(e *api.ServiceEntry) sd.Instance {
	s := e.Service
	in := sd.Instance{
		ID:      cmp.Or(s.Meta[idKey], s.ID),
		Addr:    net.JoinHostPort(cmp.Or(s.Address, e.Node.Address), strconv.Itoa(s.Port)),
		Zone:    s.Meta[zoneKey],
		Version: s.Meta[versionKey],
		State:   stateOf(e.Checks),
	}
	if len(s.Tags) > 0 {
		in.Tags = slices.Clone(s.Tags)
	}
	in.Meta = maps.Clone(s.Meta)
	for _, key := range []string{zoneKey, versionKey, idKey} {
		delete(in.Meta, key)
	}
	if len(in.Meta) == 0 {
		in.Meta = nil
	}
	weigh(&in, s.Weights)
	return in
}

// weigh picks the weight that counts in the instance's state. Consul's default
// is 1; an explicit 0 for the state it is in keeps callers away.
func weigh(in *sd.Instance, w api.AgentWeights) {
	in.Weight = max(w.Passing, 1)
	if in.State != sd.Warning {
		return
	}
	in.Weight = max(w.Warning, 1)
	if w.Warning <= 0 && w.Passing > 0 {
		in.State = sd.Critical
	}
}
