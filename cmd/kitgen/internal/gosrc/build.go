package gosrc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is one that is on disk where the code is.
type module struct{ path, dir string }

// target is what a replace directive points to.
type target struct {
	path    string // of a directory, absolute, if there is no version
	version string
}

// build is what the go command would build with in a directory.
type build struct {
	main     []module          // of the directory, or of its workspace; the longest path first
	versions map[string]string // by module path. Of a tidy go.mod, these are all that take part
	replaced map[string]target // by path, or path@version
	vendor   string            // directory; empty if there is none
}

// readBuild reads the go.mod, or go.work, in dir or above. There is nothing to
// find but the standard library if there is neither.
func readBuild(dir string) (*build, error) {
	b := &build{versions: map[string]string{}, replaced: map[string]target{}}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	around := above(dir, "go.mod")
	if around == "" {
		return b, nil
	}
	work := os.Getenv("GOWORK")
	switch work {
	case "":
		if d := above(around, "go.work"); d != "" {
			work = filepath.Join(d, "go.work")
		}
	case "off":
		work = ""
	}
	if work != "" {
		used, err := b.readWork(work)
		if err != nil {
			return nil, err
		}
		if slices.Contains(used, around) {
			for _, d := range used {
				if err := b.readModule(d); err != nil {
					return nil, err
				}
			}
			return b.in(filepath.Dir(work)), nil
		}
		clear(b.replaced)
	}
	if err := b.readModule(around); err != nil {
		return nil, err
	}
	return b.in(around), nil
}

// in completes what was read for the module or workspace at root.
func (b *build) in(root string) *build {
	if _, err := os.Stat(filepath.Join(root, "vendor", "modules.txt")); err == nil {
		b.vendor = filepath.Join(root, "vendor")
	}
	slices.SortFunc(b.main, func(x, y module) int { return len(y.path) - len(x.path) })
	return b
}

func (b *build) readWork(file string) (used []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	dir := filepath.Dir(file)
	for verb, words := range directives(string(text)) {
		switch {
		case verb == "use" && len(words) == 1:
			used = append(used, absolute(dir, words[0]))
		case verb == "replace":
			b.replace(dir, words)
		}
	}
	return used, nil
}

func (b *build) readModule(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // in a workspace: the go command complains
	}
	if err != nil {
		return fmt.Errorf("read module: %w", err)
	}
	for verb, words := range directives(string(text)) {
		switch {
		case verb == "module" && len(words) == 1:
			b.main = append(b.main, module{words[0], dir})
		case verb == "require" && len(words) == 2 && newer(words[1], b.versions[words[0]]):
			b.versions[words[0]] = words[1]
		case verb == "replace":
			b.replace(dir, words)
		}
	}
	return nil
}

// replace takes "path [version] => path [version]". That of the workspace,
// which is read first, wins.
func (b *build) replace(dir string, words []string) {
	arrow := slices.Index(words, "=>")
	if arrow < 1 || arrow+1 >= len(words) {
		return
	}
	key, to := strings.Join(words[:arrow], "@"), target{path: words[arrow+1]}
	if len(words) > arrow+2 {
		to.version = words[arrow+2]
	} else {
		to.path = absolute(dir, to.path)
	}
	if _, ok := b.replaced[key]; !ok {
		b.replaced[key] = to
	}
}

// directives are the lines of a go.mod or go.work, in blocks or not: a verb and
// the words after it.
func directives(text string) func(yield func(verb string, words []string) bool) {
	return func(yield func(string, []string) bool) {
		block := ""
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "//")
			words := strings.Fields(line)
			for i, w := range words {
				if plain, err := strconv.Unquote(w); err == nil {
					words[i] = plain
				}
			}
			switch {
			case len(words) == 0:
			case block != "" && words[0] == ")":
				block = ""
			case block != "":
				if !yield(block, words) {
					return
				}
			case words[len(words)-1] == "(":
				block = words[0]
			case !yield(words[0], words[1:]):
				return
			}
		}
	}
}

func absolute(dir, name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// above is the nearest directory, dir or above it, that has a file of the name.
func above(dir, name string) string {
	for {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
