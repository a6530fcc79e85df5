package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Over are the methods that are served over a wire.
func (v *view) Over(wire string) []method {
	return slices.DeleteFunc(slices.Clone(v.Methods), func(m method) bool { return !m.Over(wire) })
}

// NotOver are the others.
func (v *view) NotOver(wire string) []method {
	return slices.DeleteFunc(slices.Clone(v.Methods), func(m method) bool { return m.Over(wire) })
}

// wanted reports whether the service has what a template wants; every one has nothing.
func (v *view) wanted(wants string) bool {
	switch wants {
	case "":
		return true
	case "errors":
		return len(v.Errors) > 0
	case "grpc-streams":
		return v.streamsOver("grpc", func(m method) bool { return m.Streams() })
	case "http-uploads":
		return v.streamsOver("http", func(m method) bool { return m.StreamIn })
	case "module":
		return v.in.Module
	case "unary":
		return v.Sampled().Name != ""
	}
	return slices.Contains(v.in.Transports, wants)
}

// unserved are the methods that no wire of the service serves, and the wires that
// serve none of its methods.
func (v *view) unserved() error {
	var found spec.Problems
	wires := strings.Join(v.in.Transports, ", ")
	for _, m := range v.Methods {
		if !slices.ContainsFunc(v.in.Transports, m.Over) {
			found = append(found, spec.Problem{
				Pos: m.Pos, Code: "KG062", Fix: "remove the directive, or the method",
				Msg: fmt.Sprintf("%s is served over no wire: the service has %s, which //kit:skip leaves out", m.Name, wires),
			})
		}
	}
	for _, wire := range v.in.Transports {
		if len(v.Over(wire)) == 0 {
			found = append(found, spec.Problem{
				Pos: v.Methods[0].Pos, Code: "KG062", Fix: "leave " + wire + " out of the service's transports, or a method in it",
				Msg: fmt.Sprintf("//kit:skip %s leaves nothing to serve over %s", wire, wire),
			})
		}
	}
	return found.Err()
}
