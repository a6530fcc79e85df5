// Package servers gives tests real registry servers they may mistreat: an etcd
// member and a Consul agent, each a process of its own that can be killed,
// frozen, stopped, started again on the same port with the same data, or
// wiped; and a [Proxy] that puts network faults between a client and any
// server.
//
// The binaries are built from source on first use and kept under the user's
// cache folder, so nothing has to be installed; `go run
// ./internal/servers/prebuild` does that ahead of time. Every process dies with
// the one that started it (on Linux even when that one is killed with SIGKILL).
//
// To add a server, describe it as a kind (see etcd.go). The package does not
// talk to the registries beyond asking whether they are ready: tests bring
// their own clients. It is for tests; nothing that ships may import it.
package servers
