package main

import (
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

// schemes are the registries that the matrix knows. Targets win over cfg.
func schemes(cfg consul.Config) []sd.Scheme {
	return []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(cfg)}
}
