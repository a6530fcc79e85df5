package main

import (
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

// schemes are the registries that the matrix knows.
func schemes() []sd.Scheme {
	return []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})}
}
