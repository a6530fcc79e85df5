package graph

import (
	"fmt"
	"strings"
)

// Text draws services for people, one after the other.
func Text(services []*Service) string {
	var b strings.Builder
	for i, s := range services {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  over %s, in %s\n", s.Name, strings.Join(s.Transports, " and "), s.Registry)
		if len(s.Calls) > 0 {
			fmt.Fprintf(&b, "  calls %s\n", strings.Join(s.Calls, ", "))
		}
		b.WriteString("\n")
		methods(&b, s.Methods)
		b.WriteString("\n" + indent(s.Server) + "\n" + indent(s.Client))
	}
	return b.String()
}

// methods is a table without the columns that nobody fills.
func methods(b *strings.Builder, methods []Method) {
	name, http, grpc := 0, 0, 0
	for _, m := range methods {
		name, http, grpc = max(name, len(m.Name)), max(http, len(m.HTTP)), max(grpc, len(m.GRPC))
	}
	for _, m := range methods {
		line := fmt.Sprintf("  %-*s", name, m.Name)
		if http > 0 {
			line += fmt.Sprintf("  %-*s", http, m.HTTP)
		}
		if grpc > 0 {
			line += fmt.Sprintf("  %-*s", grpc, m.GRPC)
		}
		if m.Idempotent {
			line += "  may be repeated"
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}
