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
	dumpRest(&b, svc)
	return b.String()
}

func dumpRest(b *strings.Builder, svc *Service) {
	for _, e := range svc.Enums {
		fmt.Fprintf(b, "\n%s: enum %s = %s: %q\n", e.Pos, e.Name, e.PB, e.Doc)
		for _, v := range e.Values {
			fmt.Fprintf(b, "\tvalue %s = %s = %d: %q\n", v.Name, v.Proto, v.Number, v.Doc)
		}
	}
	for _, w := range svc.Wrappers {
		fmt.Fprintf(b, "\nwrapper %s:\n", w.PB)
		dumpFields(b, "field", []Field{w.Field})
	}
	for _, i := range svc.Imports {
		fmt.Fprintf(b, "\nimport %s %q", i.Name, i.Path)
	}
	if len(svc.Imports) > 0 {
		b.WriteByte('\n')
	}
	for _, u := range svc.Unserved {
		fmt.Fprintf(b, "\nunserved %s\n", u)
	}
	if len(svc.Warnings) > 0 {
		fmt.Fprintf(b, "\nwarnings:\n%v\n", svc.Warnings)
	}
}

func dumpFields(b *strings.Builder, what string, fields []Field) {
	for _, f := range fields {
		fmt.Fprintf(b, "\t%s: %s %s go:%s json:%s proto:%s pb:%s %s", f.Pos, what, f.Name, f.Go, f.JSON, f.Proto, f.PB, dumpType(f.Type))
		if len(f.Through) > 0 {
			fmt.Fprintf(b, " through %v by value %v", f.Through, f.ByValue)
		}
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
	if t.Kind == Array {
		text += fmt.Sprintf("%d", t.Len)
	}
	if t.Wrap != "" {
		text += " in " + t.Wrap
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
