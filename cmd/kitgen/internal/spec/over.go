package spec

import "slices"

// Over is the service as one wire has it, "http" or "grpc": without the methods
// that are not served there, and the types that only those need.
func (s *Service) Over(wire string) *Service {
	out := *s
	out.Methods = nil
	for _, m := range s.Methods {
		if m.Over(wire) {
			out.Methods = append(out.Methods, m)
		}
	}
	if len(out.Methods) == len(s.Methods) {
		return s
	}
	n := needs{s, make(map[string]bool)}
	for _, m := range out.Methods {
		n.fields(m.Params)
		n.fields(m.Results)
	}
	out.Structs = slices.DeleteFunc(slices.Clone(s.Structs), func(st Struct) bool { return !n.seen[st.Name] })
	out.Enums = slices.DeleteFunc(slices.Clone(s.Enums), func(e Enum) bool { return !n.seen[e.PB] })
	out.Wrappers = slices.DeleteFunc(slices.Clone(s.Wrappers), func(w Wrapper) bool { return !n.seen[w.PB] })
	return &out
}

// needs are the structs, by their names in Go, and the enums and wrappers, by those
// in the .proto, that some fields lead to.
type needs struct {
	svc  *Service
	seen map[string]bool
}

func (n needs) fields(fields []Field) {
	for _, f := range fields {
		for t := range f.Type.parts() {
			n.part(t)
		}
	}
}

func (n needs) part(t *Type) {
	if t.Wrap != "" {
		n.seen[t.Wrap] = true
	}
	switch {
	case t.Kind == EnumT:
		n.seen[t.PB] = true
	case t.Kind == StructT && !n.seen[t.Name]:
		n.seen[t.Name] = true
		for _, st := range n.svc.Structs {
			if st.Name == t.Name {
				n.fields(st.Fields)
			}
		}
	}
}

// parts are t and the types that it is made of, without the fields of structs.
func (t *Type) parts() func(yield func(*Type) bool) {
	return func(yield func(*Type) bool) {
		for ; t != nil; t = t.Elem {
			if t.Key != nil && !yield(t.Key) || !yield(t) {
				return
			}
		}
	}
}
