// Package consul keeps a service's instances in Consul: [Holder] registers one
// with the local agent and keeps its check passing, [Watcher] follows all of
// them by blocking queries. Both implement package sd's backend contract;
// [NewInstancer] joins the second to its loop, [Scheme] opens either by a target
// such as consul://127.0.0.1:8500/addsvc.
//
// The client should talk to the agent of its own machine: Consul removes what
// an agent does not know of. Weight, tags and meta go where Consul's own tools
// show them; zone and version are meta of these names, and an ID that does not
// fit into Consul's paths is escaped there and kept whole in meta. Services that
// others registered are read alike.
//
// The check is a TTL that beats renew while Config.Ready agrees, or one that the
// agent makes (Config.HTTPCheck, GRPCCheck), which also notices a process that
// hangs. An instance leaves by saying "draining", as the output of its critical
// TTL check or as the reason of maintenance mode, which watchers see, and then
// deregistering. One whose process died turns critical after Config.TTL and is
// removed after Config.DeregisterAfter. Maintenance mode that an operator sets
// is Draining to watchers, and his to end.
//
// The folder policy has the least that Consul's access control must allow.
//
// What it deliberately does not do: it does not retry beyond the life of a TTL
// or a query (sd.Registrar and sd.Instancer do), and writes no config entries.
// A client that the caller brings is used as it is; those of Scheme follow no
// redirect, read 64 MiB at most, and read certificates anew.
//
// To support another registry, implement sd.Watcher and sd.Holder in a package
// of its own.
package consul
