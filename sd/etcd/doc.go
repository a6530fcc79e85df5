// Package etcd keeps a service's instances in etcd: [Holder] registers one and
// keeps it there, [Watcher] follows all of them. Both implement package sd's
// backend contract; [NewInstancer] joins the second to its loop.
//
// An instance is one key, /namespace/service/id (each segment escaped), that
// hangs on a lease of its own and holds a small JSON document. It leaves by
// saying "draining" and revoking the lease; when its process dies, etcd removes
// it after Config.TTL. Keys written by etcd's own naming package or by hand
// (a bare host:port) are read too.
//
// What it deliberately does not do: it makes no connection (the caller brings
// and closes the client; [ClientConfig] has settings that notice failures), it
// does not retry beyond the life of a lease or a watch (sd.Registrar and
// sd.Instancer do), and it takes no key away from a stranger. Clients wrapped
// by clientv3/namespace are not supported; use Config.Namespace.
//
// To adapt it to other keys or values, change keys.go or codec.go; to support
// another registry, implement sd.Watcher and sd.Holder in a package of its own.
package etcd
