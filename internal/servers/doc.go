// Package servers gives tests real registry servers they may mistreat: etcd
// and Consul, alone or as a [Cluster], and ZooKeeper. Each is a process of its
// own that can be killed, frozen, stopped, started again on the same port with
// the same data, or wiped. A [Proxy] puts network faults between a client and
// any server, and a [CA] makes the certificates of both.
//
// Tests use [Etcd], [EtcdCluster], [NewProxy] and their like, which close what
// they start and fail the test on errors; programs use [StartEtcd],
// [StartEtcdCluster], [StartProxy], and check and close themselves.
//
// The binaries of etcd and Consul are built from source on first use and kept
// under the user's cache folder, so nothing has to be installed; `go run
// ./internal/servers/prebuild` does that ahead of time. ZooKeeper is Debian's;
// scripts/debian.sh installs it. Every process dies with the one that started
// it (on Linux even when that one is killed with SIGKILL).
//
// To add a server, describe it as a kind (see etcd.go). The package does not
// talk to the registries beyond asking whether they are ready: tests bring
// their own clients. It is for tests; nothing that ships may import it.
package servers
