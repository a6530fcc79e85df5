package main

import (
	"slices"

	"github.com/kitgen/kitgen/internal/servers"
)

// Both registries, as rows start them.
func etcdOne(t *trial)   { t.onEtcd(servers.Options{}) }
func consulOne(t *trial) { t.onConsul(servers.Options{}) }

// rows is the matrix. Numbers are those of the reference that the bounds come
// from; bounds are written as formulas of the TTL in use.
func rows() []row {
	return slices.Concat(instanceRows(), etcdRows(), networkRows(), accessRows(), consulRows(), startRows(), coldRows(), moreRows(), soakRows(), elsewhereRows())
}

// smoke are the rows that every test run has, two minutes together.
func smokeRows() []row { return rows() }
