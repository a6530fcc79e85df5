package main

import (
	"slices"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// Both registries, as rows start them.
func etcdOne(t *trial)   { t.onEtcd(servers.Options{}) }
func consulOne(t *trial) { t.onConsul(servers.Options{}) }

// one is a registry of either kind.
type one struct {
	name       string
	start      func(*trial)
	propagated time.Duration // until callers have heard
}

func registries() []one {
	return []one{
		{"etcd", etcdOne, 100 * time.Millisecond},
		{"consul", consulOne, 250 * time.Millisecond}, // a watcher asks four times a second at most
	}
}

// What most rows want.
const (
	allBack  = "all are registered, and known to be"
	upToDate = "the consumer is up to date"

	nothingLost = "nobody's lease was lost, and the consumer is up to date"
)

// rows is the matrix. Numbers are those of the reference that the bounds come
// from; bounds are written as formulas of the TTL in use.
func rows() []row {
	return slices.Concat(instanceRows(), doorRows(), etcdRows(), networkRows(), accessRows(), consulRows(), startRows(), coldRows(), moreRows(), soakRows(), elsewhereRows())
}

// smokeRows are those that every test run has, within two minutes. The rows that
// sabotages rest on are among them.
func smokeRows() (some []row) {
	for _, name := range []string{
		"1 etcd", "1 consul", "2 etcd", "4 etcd", "6 etcd", "9 etcd starved", "16 etcd", "28 consul", "45 etcd", "start consul frozen",
		"47 etcd grpc streams", "47 consul stub streams", "47 etcd client streams",
	} {
		if r, ok := named(rows(), name); ok {
			some = append(some, r)
		}
	}
	return some
}
