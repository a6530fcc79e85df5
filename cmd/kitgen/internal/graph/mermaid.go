package graph

import (
	"fmt"
	"strings"
)

// Mermaid draws services as a flowchart: a box of each with what a call passes
// on its way to the methods, and an arrow to each service that it calls, with
// what a call passes before it leaves.
func Mermaid(services []*Service) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, s := range services {
		fmt.Fprintf(&b, "  subgraph s_%[1]s[%[1]s]\n", s.Name)
		before := "s_" + s.Name + "_in"
		fmt.Fprintf(&b, "    %s([%s])\n", before, strings.Join(s.Transports, ", "))
		for i, layer := range layers(s.Server) {
			if layer == "service" {
				continue
			}
			node := fmt.Sprintf("s_%s_%d", s.Name, i)
			fmt.Fprintf(&b, "    %s --> %s[%s]\n", before, node, layer)
			before = node
		}
		for _, m := range s.Methods {
			fmt.Fprintf(&b, "    %s --> s_%s_%s[%s]\n", before, s.Name, m.Name, m.Name)
		}
		b.WriteString("  end\n")
	}
	for _, s := range services {
		for _, name := range s.Calls {
			fmt.Fprintf(&b, "  s_%s -- %s --> s_%s_in\n", s.Name, strings.Join(clientLayers(services, name), ", "), name)
		}
	}
	return b.String()
}

func clientLayers(services []*Service, name string) []string {
	for _, s := range services {
		if s.Name == name {
			return layers(s.Client)
		}
	}
	return nil
}

// layers are the names in the first part of a drawing, outermost first: what
// every call passes.
func layers(drawing string) []string {
	var names []string
	for i, line := range strings.Split(drawing, "\n") {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case i == 0 || name == "of":
		case !strings.HasPrefix(line, "  "):
			return names // what is different for one method
		default:
			names = append(names, name)
		}
	}
	return names
}
