// Package interop has nothing but tests: go-kit's own instancers for ZooKeeper,
// Eureka and DNS, unchanged, in front of this repository's pool and balancer.
//
// It is a module of its own, so that nobody who imports the library is given
// the clients of registries that the library does not speak to.
package interop
