package etcd

import (
	"strings"

	"github.com/kitgen/kitgen/sd"
)

// Layout is how instances stand in etcd: their keys and the form of values.
// Values of every form are read in both.
type Layout uint8

const (
	// Kitgen has keys /namespace/service/id, each segment escaped, and values
	// that are JSON of our own.
	Kitgen Layout = iota

	// Naming is for company with others: the keys and values of etcd's own
	// naming package, service/address and {"Op":0,"Addr":…,"Metadata":…}. gRPC
	// clients that use its resolver find those who register like this, and
	// Watch finds all that stand below "service/": what that package has
	// registered, and what go-kit's etcdv3 or others put there as bare
	// addresses. Here the service may be any prefix, such as
	// "/services/addsvc", and nothing stands before it unless Namespace is set.
	//
	// Others know no Draining. They see who leaves go, some milliseconds after
	// kitgen's watchers are told by the Metadata, which has all that is not
	// the address, as JSON in a string (older resolvers compare Metadata, and
	// panic at an object).
	Naming
)

// String is the layout as targets spell it.
func (l Layout) String() string {
	if l == Naming {
		return "naming"
	}
	return "kitgen"
}

// prefix is what the keys of a service start with. It ends in a slash, so that
// "user" does not list "user-admin".
func (l Layout) prefix(namespace, service string) string {
	if l != Naming {
		return prefixOf(namespace, service)
	}
	if namespace != "" {
		namespace = strings.TrimSuffix(namespace, "/") + "/"
	}
	return namespace + strings.TrimSuffix(service, "/") + "/"
}

// key is where in stands.
func (l Layout) key(prefix string, in sd.Instance) string {
	if l == Naming {
		return prefix + in.Addr
	}
	return keyOf(prefix, in.ID)
}

// id is that of the instance under key, unless its value names another.
func (l Layout) id(prefix, key string) (string, error) {
	if l == Naming {
		return segmentOf(prefix, key)
	}
	return idOf(prefix, key)
}

// encode returns what is stored for in. The same instance gives the same bytes.
func (l Layout) encode(in sd.Instance) (string, error) {
	if l == Naming {
		return encodeNaming(in)
	}
	return encode(in)
}
