package sd

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Scheme is one kind of registry, for targets: what stands before "://", and
// how to make the two halves of a backend of a Target with that. Backend
// packages have a function that returns theirs, with a Config that the target's
// parameters win over; a program lists those it wants, and there is no other
// list.
//
// Both functions check the target strictly (Target.Only, Target.Service) and
// touch no network: a client that needs one is made within Watch and Hold, so
// that a registry that is down delays nobody and credentials are read anew
// with every attempt. What they make holds no resources while neither runs.
type Scheme struct {
	Name    string
	Watcher func(Target) (Watcher, error)
	Holder  func(Target) (Holder, error) // nil if nobody can register there
}

// Open makes an Instancer of what target names, by the scheme of its name:
//
//	instances, err := sd.Open("etcd://10.0.0.1:2379/addsvc", sd.InstancerConfig{},
//		etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
//
// Besides the scheme's own parameters it understands, for every scheme, those
// of InstancerConfig, which win over cfg:
//
//	transport=grpc       InstancerConfig.Transport
//	protection=off       InstancerConfig.Protection: off or hold
//	hold-for=2m          InstancerConfig.HoldFor
//	max-backoff=1s       InstancerConfig.MaxBackoff
//	snapshot=/var/lib/x  InstancerConfig.SnapshotFile
//
// It does not touch the network. Every error matches ErrTarget.
func Open(target string, cfg InstancerConfig, schemes ...Scheme) (*Instancer, error) {
	t, s, err := find(target, schemes)
	if err != nil {
		return nil, err
	}
	if cfg, err = t.configure(cfg); err != nil {
		return nil, err
	}
	w, err := s.Watcher(t)
	if err != nil {
		return nil, asTarget(err)
	}
	return NewInstancer(w, cfg), nil
}

// OpenHolder makes the Holder of what target names, for a Registrar. It does
// not touch the network. Every error matches ErrTarget. The parameters of
// InstancerConfig, which Open reads, are checked and mean nothing here: one
// target may serve both sides.
func OpenHolder(target string, schemes ...Scheme) (Holder, error) {
	t, s, err := find(target, schemes)
	if err != nil {
		return nil, err
	}
	if _, err := t.configure(InstancerConfig{}); err != nil {
		return nil, err
	}
	if s.Holder == nil {
		return nil, fmt.Errorf("%w: nobody can register in %s", ErrTarget, s.Name)
	}
	h, err := s.Holder(t)
	if err != nil {
		return nil, asTarget(err)
	}
	return h, nil
}

// commonParams are read by Open, whatever the scheme.
var commonParams = []string{"transport", "protection", "hold-for", "max-backoff", "snapshot"} //nolint:gochecknoglobals // a table

func find(target string, schemes []Scheme) (Target, Scheme, error) {
	t, err := ParseTarget(target)
	if err != nil {
		return t, Scheme{}, err
	}
	var names []string
	for _, s := range schemes {
		if s.Name == t.Scheme {
			return t, s, nil
		}
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return t, Scheme{}, fmt.Errorf("%w: no registry is called %s: have %s", ErrTarget, quote(t.Scheme), strings.Join(names, ", "))
}

func asTarget(err error) error {
	if errors.Is(err, ErrTarget) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrTarget, err)
}

// Service splits Path into the namespace, if there is one, and the service.
// Schemes whose path is those two call it.
func (t Target) Service() (namespace, service string, err error) {
	switch len(t.Path) {
	case 1:
		return "", t.Path[0], nil
	case 2:
		return t.Path[0], t.Path[1], nil
	case 0:
		return "", "", fmt.Errorf("%w: %s names no service: write it after the hosts, as in %s/addsvc", ErrTarget, t, t.origin())
	}
	return "", "", fmt.Errorf(`%w: the path of %s has %d segments, which should be a namespace and a service: write a "/" within one as %%2F`, ErrTarget, t, len(t.Path))
}

// origin is the target without path and parameters.
func (t Target) origin() Target {
	t.Path, t.Params = nil, nil
	return t
}

// Duration reads a parameter such as 15s; otherwise if it is not there. A
// negative one is an error.
func (t Target) Duration(key string, otherwise time.Duration) (time.Duration, error) {
	text, ok := t.param(key)
	if !ok {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%w: parameter %s is %s: write a duration such as 15s or 500ms", ErrTarget, key, quote(text))
	}
	return d, nil
}

// Bool reads a parameter that is true or false; otherwise if it is not there.
func (t Target) Bool(key string, otherwise bool) (bool, error) {
	switch text, ok := t.param(key); {
	case !ok:
		return otherwise, nil
	case text == "true":
		return true, nil
	case text == "false":
		return false, nil
	default:
		return false, fmt.Errorf("%w: parameter %s is %s: write true or false", ErrTarget, key, quote(text))
	}
}

func (t Target) param(key string) (string, bool) {
	values := t.Params[key]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// configure takes the parameters that every scheme has out of t and into cfg.
func (t *Target) configure(cfg InstancerConfig) (InstancerConfig, error) {
	common := Target{Scheme: t.Scheme, Params: url.Values{}}
	own := url.Values{}
	for key, values := range t.Params {
		if slices.Contains(commonParams, key) {
			common.Params[key] = values
		} else {
			own[key] = values
		}
	}
	if t.Params != nil {
		t.Params = own
	}
	if err := common.Only(commonParams...); err != nil {
		return cfg, err
	}
	if text, ok := common.param("transport"); ok {
		cfg.Transport = text
	}
	if text, ok := common.param("snapshot"); ok {
		cfg.SnapshotFile = text
	}
	switch text, ok := common.param("protection"); {
	case !ok:
	case text == "hold":
		cfg.Protection = Hold
	case text == "off":
		cfg.Protection = Off
	default:
		return cfg, fmt.Errorf("%w: parameter protection is %s: write hold or off", ErrTarget, quote(text))
	}
	var err error
	if cfg.HoldFor, err = common.Duration("hold-for", cfg.HoldFor); err != nil {
		return cfg, err
	}
	cfg.MaxBackoff, err = common.Duration("max-backoff", cfg.MaxBackoff)
	return cfg, err
}
