// Package consul keeps a service's instances in Consul: [Holder] registers one
// with the local agent and keeps its TTL check passing, [Watcher] follows all
// of them by blocking queries. Both implement package sd's backend contract;
// [NewInstancer] joins the second to its loop.
//
// The client should talk to the agent of its own machine: Consul removes what
// an agent does not know of. Weight, tags and meta go where Consul's own tools
// show them; zone and version are meta of these names, and an ID that does not
// fit into Consul's paths is escaped there and kept whole in meta. An instance leaves by
// turning critical with the output "draining", which watchers see, and then
// deregistering. One whose process died turns critical after Config.TTL and is
// removed after Config.DeregisterAfter. Services that others registered are
// read alike.
//
// What it deliberately does not do: it makes no client (tokens, TLS, namespace,
// partition and datacenter are api.Config's), runs no health check of its own,
// does not retry beyond the life of a TTL or a query (sd.Registrar and
// sd.Instancer do), and writes no config entries.
//
// To support another registry, implement sd.Watcher and sd.Holder in a package
// of its own.
package consul
