// Package etcd keeps a service's instances in etcd: [Holder] registers one and
// keeps it there, [Watcher] follows all of them. Both implement package sd's
// backend contract; [NewInstancer] joins the second to its loop, and [Scheme]
// makes both of a target such as etcd://10.0.0.1:2379/addsvc.
//
// An instance is one key, /namespace/service/id (each segment escaped), that
// hangs on a lease of its own and holds a small JSON document. It leaves by
// saying "draining" and revoking the lease; when its process dies, etcd removes
// it after Config.TTL. Values of etcd's own naming package or by hand (a bare
// host:port) are read too; [Naming] writes what that package reads.
//
// Who brings a client closes it; [ClientConfig] has settings that notice
// failures. Without one, every Hold and Watch makes its own by a [Connection],
// so that certificates and passwords may be replaced on disk. The roles that
// etcd's users need are in policy/roles.sh.
//
// What it deliberately does not do: it does not retry beyond the life of a
// lease or a watch (sd.Registrar and sd.Instancer do), and it takes no key away
// from a stranger. Clients wrapped by clientv3/namespace are not supported (use
// Config.Namespace), nor is etcd's grpc-proxy, which answers no question for a
// watch's progress. With a User, etcd must have a quorum for a client to start:
// a stale list is for those who need no password.
//
// To adapt it to other keys or values, change layout.go, keys.go or codec.go;
// to support another registry, implement sd.Watcher and sd.Holder in a package
// of its own.
package etcd
