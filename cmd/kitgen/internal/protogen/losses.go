package protogen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Losses are what callers built from the committed .proto know, and will not
// find any more: calls, which they are told of by an error, fields, which are not
// read or have no value, and values of enums. All are the service's right, so
// these are warnings.
func Losses(svc *spec.Service, old []byte) (lost spec.Problems, err error) {
	l, err := parseLock(svc, old)
	if err != nil {
		return nil, err
	}
	const fix = "put it back until nobody needs it, if that is not so already"
	warn := func(pos, format string, args ...any) {
		lost = append(lost, spec.Problem{Pos: pos, Code: "KGW60", Msg: fmt.Sprintf(format, args...), Fix: fix})
	}
	for _, was := range l.calls {
		if !slices.ContainsFunc(svc.Methods, func(m spec.Method) bool { return m.PB == was.name }) {
			warn(svc.File+":1:1", "%s is gone: who still calls it is told that it is not implemented", was.name)
		}
	}
	lose := func(pos, message string, fields []spec.Field) {
		was, _ := l.message(message)
		var gone []string
		for _, f := range was.fields {
			if !slices.ContainsFunc(fields, func(now spec.Field) bool { return now.Proto == f.name }) {
				gone = append(gone, f.name)
			}
		}
		if len(gone) > 0 {
			warn(pos, "%s of %s is gone: who still sends it is not heard, who still reads it finds nothing", strings.Join(gone, ", "), message)
		}
	}
	for _, m := range svc.Methods {
		if !m.In.Whole {
			lose(m.Pos, m.In.PB, m.Params)
		}
		if !m.Out.Whole {
			lose(m.Pos, m.Out.PB, m.Results)
		}
	}
	for _, s := range svc.Structs {
		lose(s.Pos, s.PB, s.Fields)
	}
	for _, e := range svc.Enums {
		var gone []string
		for _, v := range lostValues(l.lockedEnums[e.PB], e) {
			gone = append(gone, v.name)
		}
		if len(gone) > 0 {
			warn(e.Pos, "%s of %s is gone: who still sends it sends a number without a name", strings.Join(gone, ", "), e.PB)
		}
	}
	return lost, nil
}
