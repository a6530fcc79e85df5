// Package call is kitgen call: it calls a method of a service the way the
// service's own generated client does, through discovery, the balancer, retries
// and breakers, but without generated code.
//
//	interface here → values checked by its types → JSON → HTTP, or dynamic protobuf → gRPC
//	server's reflection → JSON checked by its descriptors → dynamic protobuf → gRPC
//
// Either contract makes a callee, whose calls are jobs for whichever instance the
// pool picks. By an interface, values are what HTTP would carry, whichever wire they
// go over: a tree as encoding/json makes it, with numbers as they were written. Over
// gRPC it is turned into the message of the committed .proto, and the answer back.
package call
