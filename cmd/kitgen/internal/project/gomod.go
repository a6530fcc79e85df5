package project

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Mod is a go.mod, as far as kitgen reads it.
type Mod struct {
	Dir  string // that it is in; empty if there is none
	Path string // of the module

	requires map[string]string
	replaces map[string]string
	tools    map[string]bool
}

// FindModule reads the go.mod in dir, or the nearest above it.
func FindModule(dir string) (Mod, error) {
	around, text, err := above(dir, "go.mod")
	if err != nil || around == "" {
		return Mod{}, err
	}
	m := Mod{Dir: around, requires: map[string]string{}, replaces: map[string]string{}, tools: map[string]bool{}}
	if m.Path = ModulePath(text); m.Path == "" {
		return m, refuse("KG009: %s has no module line; write one, such as module example.com/greeter", filepath.Join(around, "go.mod"))
	}
	block := ""
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case len(words) == 2 && words[1] == "(":
			block = words[0]
		case words[0] == ")":
			block = ""
		case block != "":
			m.directive(block, words)
		default:
			m.directive(words[0], words[1:])
		}
	}
	return m, nil
}

func (m *Mod) directive(verb string, words []string) {
	switch {
	case verb == "require" && len(words) >= 2:
		m.requires[words[0]] = words[1]
	case verb == "tool" && len(words) == 1:
		m.tools[words[0]] = true
	case verb == "replace" && len(words) >= 3:
		to := words[len(words)-1]
		for i, w := range words {
			if w == "=>" { // a path may have spaces in it
				to = strings.Join(words[i+1:], " ")
			}
		}
		if plain, err := strconv.Unquote(to); err == nil {
			to = plain
		}
		m.replaces[words[0]] = to
	}
}

// Requires is the version of a module that m requires, and the directory that
// replaces it; each empty if there is none.
func (m *Mod) Requires(path string) (version, dir string) {
	dir = m.replaces[path]
	if dir != "" && !filepath.IsAbs(dir) {
		dir = filepath.Join(m.Dir, dir)
	}
	return m.requires[path], dir
}

// Tool reports whether m pins the command at path.
func (m *Mod) Tool(path string) bool { return m.tools[path] }
