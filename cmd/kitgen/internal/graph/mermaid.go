package graph

import (
	"fmt"
	"strings"
)

// Mermaid draws services as a flowchart: a box of each with what a call passes
// on its way to the methods, and an arrow to each service that it calls, with
// what a call passes before it leaves. Nodes are called by numbers and say who
// they are in quotes: any name may be a word of Mermaid's, and two services may
// have the same.
func Mermaid(services []*Service) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	ids := map[*Service]string{}
	for i, s := range services {
		ids[s] = fmt.Sprintf("s%d", i+1)
		box(&b, ids[s], s)
	}
	for _, s := range services {
		for _, other := range s.calls {
			fmt.Fprintf(&b, "  %s -- %s --> %s_in\n", ids[s], quoted(strings.Join(layers(other.Client), ", ")), ids[other])
		}
	}
	return b.String()
}

func box(b *strings.Builder, id string, s *Service) {
	before := id + "_in"
	fmt.Fprintf(b, "  subgraph %s[%s]\n", id, quoted(s.Name))
	fmt.Fprintf(b, "    %s([%s])\n", before, quoted(strings.Join(s.Transports, ", ")))
	for i, layer := range layers(s.Server) {
		if layer == "service" {
			continue
		}
		node := fmt.Sprintf("%s_%d", id, i+1)
		fmt.Fprintf(b, "    %s --> %s[%s]\n", before, node, quoted(layer))
		before = node
	}
	for i, m := range s.Methods {
		fmt.Fprintf(b, "    %s --> %s_m%d[%s]\n", before, id, i+1, quoted(m.Name))
	}
	b.WriteString("  end\n")
}

// quoted is a label that may have anything in it.
func quoted(label string) string { return `"` + strings.ReplaceAll(label, `"`, "#quot;") + `"` }

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
