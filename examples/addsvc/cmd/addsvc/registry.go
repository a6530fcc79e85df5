package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
)

// newRegistrar keeps self in the registries that targets names, once it is told
// to. One that is not there is tried until it is. Several, separated by spaces,
// are for a service that moves from one to another. Consul is told how ready is.
func newRegistrar(targets string, self sd.Instance, ready *transport.Ready, logger log.Logger) (*sd.Group, error) {
	var all []*sd.Registrar
	for target := range strings.FieldsSeq(targets) {
		scheme, _, _ := strings.Cut(target, ":")
		logger := log.With(logger, "registry", scheme)
		registrar, err := sd.OpenRegistrar(target, self, sd.RegistrarConfig{Logger: logger},
			etcd.Scheme(etcd.Config{Logger: logger}), consul.Scheme(consul.Config{Ready: ready.Check, Logger: logger}))
		if err != nil {
			return nil, fmt.Errorf("-registry: %w", err)
		}
		all = append(all, registrar)
	}
	if len(all) == 0 {
		return nil, errors.New("-registry is empty: write etcd://127.0.0.1:2379/addsvc, or none")
	}
	return sd.NewGroup(all...), nil
}
