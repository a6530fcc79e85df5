// Package localetcd is the etcd server that is built into kitgen: for the tour,
// for kitgen dev, and for local tries by hand. It runs as a process of its own,
// so that it can be taken away, and listens on loopback.
package localetcd
