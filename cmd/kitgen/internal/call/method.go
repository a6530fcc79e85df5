package call

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/typo"
)

// method finds the one that the first words name, and returns the others: a method
// of any service, SERVICE METHOD, SERVICE/METHOD, or SERVICE.METHOD.
func (s *server) method(words []string) (callee, []string, error) {
	all := s.methods()
	if len(words) > 1 && s.has(words[0]) && !strings.ContainsAny(words[1], "={@") {
		words = append([]string{words[0] + "/" + words[1]}, words[2:]...)
	}
	var found []reflected
	var names []string
	for _, m := range all {
		if m.goesBy(words[0]) {
			found = append(found, m)
		}
		names = append(names, string(m.Name()))
	}
	switch {
	case len(found) == 1:
		return found[0], words[1:], nil
	case len(found) > 1:
		return nil, nil, project.Refusal(fmt.Sprintf("%s is a method of %s and of %s; write the one that is meant as %s/%s",
			words[0], found[0].Parent().FullName(), found[1].Parent().FullName(), found[0].Parent().FullName(), found[0].Name()))
	case len(all) == 0:
		return nil, nil, project.Refusal("it serves nothing but what every gRPC server has")
	}
	word := words[0][strings.LastIndexAny(words[0], "/.")+1:]
	if near := typo.Nearest(word, names); near != "" {
		return nil, nil, project.Refusal(fmt.Sprintf("it has no method %s; did you mean %s?", words[0], near))
	}
	return nil, nil, project.Refusal(fmt.Sprintf("it has no method %s; there are %s", words[0], strings.Join(names, ", ")))
}

// has reports whether a service goes by a name.
func (s *server) has(name string) bool {
	return slices.ContainsFunc(s.methods(), func(m reflected) bool { return m.isOf(name) })
}

// isOf reports whether the method is one of a service, by its name with or without
// its package, upper and lower case aside.
func (r reflected) isOf(service string) bool {
	return strings.EqualFold(string(r.Parent().FullName()), service) || strings.EqualFold(string(r.Parent().Name()), service)
}

// goesBy reports whether the method is meant by a word.
func (r reflected) goesBy(word string) bool {
	if i := strings.LastIndexAny(word, "/."); i >= 0 {
		return r.isOf(word[:i]) && strings.EqualFold(string(r.Name()), word[i+1:])
	}
	return strings.EqualFold(string(r.Name()), word)
}
