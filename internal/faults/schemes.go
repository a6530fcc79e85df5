package main

import (
	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

// schemes are the registries that the matrix knows.
func schemes() []sd.Scheme {
	return []sd.Scheme{
		etcd.Scheme(etcd.Config{}),
		{Name: "consul", Watcher: func(t sd.Target) (sd.Watcher, error) {
			_, name, _ := t.Service()
			d, _ := t.Duration("wait", 0)
			c, err := api.NewClient(&api.Config{Address: t.Hosts[0], Token: t.Params.Get("token")})
			return consul.NewWatcher(c, name, consul.Config{Wait: d}), err
		}, Holder: func(t sd.Target) (sd.Holder, error) {
			_, name, _ := t.Service()
			d, _ := t.Duration("ttl", 0)
			c, err := api.NewClient(&api.Config{Address: t.Hosts[0], Token: t.Params.Get("token")})
			return consul.NewHolder(c, name, consul.Config{TTL: d}), err
		}},
	}
}
