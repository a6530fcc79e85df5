package render

import "strings"

// fakeCalls is the method of Fake that has the requests so far, under a name
// that no method of the service has.
const fakeCalls = "Calls"

// nameFake finds names for what Fake has beside the methods of the interface.
func (v *view) nameFake() {
	taken := map[string]bool{}
	for _, m := range v.Methods {
		taken[m.Name] = true
	}
	v.FakeCalls = free(taken, fakeCalls)
	for i, m := range v.Methods {
		v.Methods[i].FakeFunc = free(taken, m.Name+"Func")
	}
}

// Names are the arguments with which the method can be called once more.
func (m method) Names() string {
	names := []string{"ctx"}
	for _, p := range m.Params {
		names = append(names, p.Var)
	}
	if m.Variadic {
		names[len(names)-1] += "..."
	}
	return strings.Join(names, ", ")
}
