package spec

import (
	"fmt"
	"strings"
)

// dump is a service with a line for each thing in it, for golden files.
func dump(svc *Service) string {
	var b strings.Builder
	fmt.Fprintf(&b, "service %s = %s, interface %s of package %s (%s) in %s: %q\n",
		svc.Name, svc.PB, svc.Interface, svc.Package, svc.Module, svc.File, svc.Doc)
	for _, m := range svc.Methods {
		fmt.Fprintf(&b, "\n%s: method %s = %s", m.Pos, m.Name, m.PB)
		for _, on := range []struct {
			is   bool
			what any
		}{{m.Variadic, "variadic"}, {m.NoError, "noerror"}, {m.Idempotent, "idempotent"}, {m.Timeout > 0, m.Timeout}, {m.HTTP != nil, m.Route().Pattern()}, {m.Skip != nil, m.Skip}, {m.StreamIn, "takes a stream"}, {m.StreamOut, "answers a stream"}} {
			if on.is {
				fmt.Fprintf(&b, ", %v", on.what)
			}
		}
		fmt.Fprintf(&b, ": %q\n", m.Doc)
		dumpFields(&b, "param", m.Params)
		dumpFields(&b, "result", m.Results)
	}
	for _, s := range svc.Structs {
		fmt.Fprintf(&b, "\n%s: struct %s = %s: %q\n", s.Pos, s.Name, s.PB, s.Doc)
		dumpFields(&b, "field", s.Fields)
	}
	for _, e := range svc.Errors {
		fmt.Fprintf(&b, "\n%s: error %s = %s %d %q: %q\n", e.Pos, e.Name, e.Code, e.Status, e.Message, e.Doc)
	}
	return b.String()
}

func dumpFields(b *strings.Builder, what string, fields []Field) {
	for _, f := range fields {
		fmt.Fprintf(b, "\t%s: %s %s go:%s json:%s proto:%s pb:%s %s", f.Pos, what, f.Name, f.Go, f.JSON, f.Proto, f.PB, dumpType(f.Type))
		if len(f.Doc) > 0 {
			fmt.Fprintf(b, ": %q", f.Doc)
		}
		b.WriteByte('\n')
	}
}

// dumpType is kind(key, element) with the Go spelling where it says more.
func dumpType(t *Type) string {
	text := string(t.Kind)
	switch {
	case t.Key != nil:
		text += "(" + dumpType(t.Key) + ", " + dumpType(t.Elem) + ")"
	case t.Elem != nil:
		text += "(" + dumpType(t.Elem) + ")"
	}
	if t.Name != "" {
		text += " " + t.Name
	}
	if t.PB != "" {
		text += "=" + t.PB
	}
	if t.Go != string(t.Kind) && t.Go != t.Name {
		text += " `" + t.Go + "`"
	}
	return text
}
