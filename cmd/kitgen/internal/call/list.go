package call

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// list prints methods, by their services.
func list(con *console.Console, all []about) error {
	if con.JSON {
		for _, a := range all {
			line, err := json.Marshal(a)
			if err != nil {
				return err
			}
			if err := show(con.Out, line); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(con.Out, 0, 8, 2, ' ', 0)
	service := ""
	for _, a := range all {
		if a.Service != service {
			service = a.Service
			fmt.Fprintln(t, service)
		}
		fmt.Fprintf(t, "  %s\t%s\n", a.Method, console.Harmless(strings.TrimSpace(strings.Join(a.Arguments, " ")+a.flow())))
	}
	return t.Flush()
}

// names are those of methods.
func names(all []about) (names []string) {
	for _, a := range all {
		names = append(names, a.Method)
	}
	return names
}

// flow says which way a method streams.
func (a about) flow() string {
	var b strings.Builder
	if a.StreamIn {
		b.WriteString(" <- " + a.element + " ...")
	}
	if a.StreamOut {
		b.WriteString(" -> ...")
	}
	return b.String()
}

// isService reports whether one of those here has the name.
func isService(all []*known, name string) bool {
	return slices.ContainsFunc(all, func(k *known) bool { return k.svc.Name == name })
}

// methods are those of all services here, or of those named.
func methods(all []*known, names []string) (found []about) {
	for _, k := range all {
		if len(names) > 0 && !slices.Contains(names, k.svc.Name) {
			continue
		}
		for i := range k.svc.Methods {
			found = append(found, types{k.svc}.describe(&k.svc.Methods[i]))
		}
	}
	return found
}
