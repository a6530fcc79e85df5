// Package sd knows who is there: which instances of a service run now, and
// that this process is one of them. It is go-kit's sd made to survive its
// registry.
//
//	  Watcher (etcd, Consul, dns, file, Fixed, yours)     Holder (etcd, Consul, yours)
//	               │ full sets                                   ▲ one registration
//	   Instancer: retry, validation, outage policy   Registrar: endless reconcile
//	               │                                             ▲
//	go-kit's sd.Instancer · Source (lb.Pool)         go-kit's sd.Registrar · Run(ctx)
//
// To add a registry, implement [Watcher], [Holder] or both: two blocking
// functions that neither retry nor start anything that outlives them. Package
// sdtest has the cases that every backend passes. The loops above them (retry
// with jittered backoff, fan-out that no slow reader can block, protection
// against a registry that forgets, registration that is regained) are here,
// once. [Open] and [OpenHolder] take a registry and a place in it as one string.
//
// What it deliberately does not do: it opens no connection (backends do, or
// are given a client), checks no health (the callers' breakers and the registry do), keeps
// no global list of schemes (main chooses its backends), and picks no instance
// (package lb does).
package sd
