package fromproto

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// call is an rpc as a method of the interface.
type call struct {
	desc    protoreflect.MethodDescriptor
	name    string // of the method
	in, out side
	route   string // of google.api.http, as //kit:http has it
}

// side is the request or the response of a call.
type side struct {
	message string // its name in the lock
	desc    protoreflect.MessageDescriptor
	whole   bool // it is one struct, not its fields
	values  []value
}

// value is a parameter or a result.
type value struct{ name, golang string }

// A signature with more than these is a struct.
const maxParams, maxResults = 4, 2

// calls makes methods of the rpcs.
func (r *reader) calls(s protoreflect.ServiceDescriptor) []*call {
	if name := string(s.Name()); spec.MessageName(name) != name {
		r.refuse(s, "serve it by the code of protoc-gen-go-grpc", "service %s is %s in Go, and a call's path needs the first", name, spec.MessageName(name))
	}
	var list []*call
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		if name := string(m.Name()); spec.MessageName(name) != name {
			r.refuse(m, "serve it by the code of protoc-gen-go-grpc", "rpc %s is %s in Go, and a call's path needs the first", name, spec.MessageName(name))
			continue
		}
		c := &call{desc: m, name: methodName(s, m)}
		taken := map[string]bool{"ctx": true, "err": true}
		route := httpRule(m)
		c.in = r.side(m.Input(), string(m.Name())+"Request", m.IsStreamingClient(), maxParams, taken)
		c.out = r.side(m.Output(), string(m.Name())+"Response", m.IsStreamingServer(), maxResults, taken)
		c.nameWhole(taken)
		c.route = r.adoptRoute(c, route)
		list = append(list, c)
	}
	return list
}

// side decides whether a message becomes parameters or results, whose names go
// into taken, or stays a struct.
func (r *reader) side(d protoreflect.MessageDescriptor, own string, streams bool, most int, taken map[string]bool) side {
	if d.FullName() == "google.protobuf.Empty" && !streams {
		return side{message: own, desc: d}
	}
	m := r.message(d)
	s := side{message: m.proto, desc: d}
	names := make(map[string]bool)
	spread := !streams && envelope(m.proto) && m.sides == 1 && !m.nested && d.Fields().Len() <= most && d.Oneofs().Len() == synthetic(d)
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		name := spec.ParamName(string(f.Name()))
		if !usable(name) || taken[strings.ToLower(name)] || names[strings.ToLower(name)] || isAny(f) {
			spread = false
		}
		names[strings.ToLower(name)] = true
		s.values = append(s.values, value{name, r.goType(f)})
	}
	if !spread {
		m.structs = true
		return side{message: m.proto, desc: d, whole: true, values: []value{{golang: m.golang}}}
	}
	for name := range names {
		taken[name] = true
	}
	return s
}

// envelope reports whether a message is called after its part in a call, and
// not after a thing.
func envelope(name string) bool {
	return slices.ContainsFunc([]string{"Request", "Req", "Response", "Resp", "Reply"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

// synthetic is how many of the oneofs only stand for "optional".
func synthetic(d protoreflect.MessageDescriptor) (n int) {
	for i := range d.Oneofs().Len() {
		if d.Oneofs().Get(i).IsSynthetic() {
			n++
		}
	}
	return n
}

// usable reports whether a parameter can have a name without hiding what a
// signature or generated code needs.
func usable(name string) bool {
	return token.IsIdentifier(name) && types.Universe.Lookup(name) == nil &&
		!slices.Contains([]string{"ctx", "err", "time", "context", "iter", "callEndpoint"}, name)
}

// nameWhole names the parameter and the result that are a struct.
func (c *call) nameWhole(taken map[string]bool) {
	for _, s := range []*side{&c.in, &c.out} {
		if !s.whole {
			continue
		}
		generic := "input"
		if s == &c.out {
			generic = "output"
		}
		name := spec.ParamName(s.values[0].golang)
		if strings.HasPrefix(s.values[0].golang, c.name) {
			name = generic
		}
		free := func(n string) bool { return usable(n) && !taken[strings.ToLower(n)] }
		s.values[0].name = firstFree(free, name, generic)
		taken[strings.ToLower(s.values[0].name)] = true
	}
}
