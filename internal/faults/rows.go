package main

import (
	"slices"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// Both registries, as rows start them.
func etcdOne(t *trial)   { t.onEtcd(servers.Options{}) }
func consulOne(t *trial) { t.onConsul(servers.Options{}) }

// rows is the matrix. Numbers are those of the reference that the bounds come
// from; bounds are written as formulas of the TTL in use.
func rows() []row {
	return slices.Concat(instanceRows())
}

// smoke are the rows that every test run has, two minutes together.
func smokeRows() []row { return rows() }

func instanceRows() []row {
	return []row{
		{
			name: "1 etcd", fault: "SIGKILL of an instance", then: "it is no longer listed, and no call failed",
			bound: ttl + time.Second, run: func(t *trial) { etcdOne(t); instanceKilled(t) },
		},
		{
			name: "1 consul", fault: "SIGKILL of an instance", then: "it is listed as critical, and no call failed",
			bound: ttl + time.Second, run: func(t *trial) { consulOne(t); instanceKilled(t) },
		},
	}
}

func instanceKilled(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	victim := t.members[0]
	t.kill(victim)
	t.within(t.row.bound, "the registry does not offer it any more", t.unlisted(victim))
	t.eventually("nor does the consumer", t.unknown(victim))
}
