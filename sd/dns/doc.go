// Package dns finds the instances of a service in the DNS.
//
//	_grpc._tcp.addsvc.internal.   the SRV records of that name: host, port, weight
//	addsvc.internal.:8080         the addresses of that name, IPv4 and IPv6, at that port
//
// Names are asked for again when their TTL ends, within bounds. An instance is
// an address: its ID is host:port, and no Zone, Version, Tags or Meta is known
// of it.
//
// Of SRV records those of the lowest priority are the instances; others are
// not seen while there is one such. Their weight is the instance's, where 0,
// "hardly ever", is 1. Targets are resolved by the addresses that came with the
// answer, or by asking the same servers; one that has no address is left out.
// The target "." says that the service is decidedly not there, and counts as
// everybody leaving. Nothing else does: a record that is missing may have been
// forgotten by mistake, so an Instancer protects against many missing at once.
//
// What cannot be answered (SERVFAIL, REFUSED, silence, a server that does not
// recurse) is an error and removes nobody. That nobody is there is asked twice,
// of another server if there is one, before it is reported.
//
// A name without a final dot, asked of the system's servers, goes through the
// system's search domains: the first under which there is anybody counts, so
// that a name that disappears from one may be found in another, as somebody
// else's. With a final dot it means one thing.
//
// Some servers cut a long answer over UDP short without saying so (Consul,
// unless its enable_truncate is on, lists 19 of 60). So an answer of more than a
// handful of instances is asked for again over TCP, and counts as it came over
// UDP only if that fails. Config.TCP asks over TCP from the start.
//
// DNS caches answer for as long as a TTL says, and nobody registers here.
// Answers are not signed: who can forge them can redirect calls, so let
// transports check whom they talk to.
package dns
