package spec

// Over is the service as one wire has it, "http" or "grpc": without the methods
// that are not served there, and the structs that only those need.
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
	needed := make(map[string]bool)
	for _, m := range out.Methods {
		s.need(needed, m.Params)
		s.need(needed, m.Results)
	}
	out.Structs = nil
	for _, st := range s.Structs {
		if needed[st.Name] {
			out.Structs = append(out.Structs, st)
		}
	}
	return &out
}

// need notes the structs that fields lead to, by name.
func (s *Service) need(needed map[string]bool, fields []Field) {
	for _, f := range fields {
		for t := range f.Type.parts() {
			if t.Kind != StructT || needed[t.Name] {
				continue
			}
			needed[t.Name] = true
			for _, st := range s.Structs {
				if st.Name == t.Name {
					s.need(needed, st.Fields)
				}
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
