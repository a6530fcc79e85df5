package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sources is what a program is made of on this machine, wherever it lies: what
// modules were downloaded does not change.
type sources struct {
	dirs  []string // of its packages: their files count as they come and go
	paths []string // embedded files and the directories of such, go.mod, go.work; they may not be there
}

// join is both, so that nothing is lost of what either knows.
func (a sources) join(b sources) sources {
	join := func(a, b []string) []string {
		all := slices.Concat(a, b)
		slices.Sort(all)
		return slices.Compact(all)
	}
	return sources{join(a.dirs, b.dirs), join(a.paths, b.paths)}
}

// listed is a package as go list prints it.
type listed struct {
	Dir           string   `json:"Dir"`
	EmbedPatterns []string `json:"EmbedPatterns"`
	EmbedFiles    []string `json:"EmbedFiles"`
	Module        *struct {
		Main    bool   `json:"Main"` // also of those that go.work uses
		GoMod   string `json:"GoMod"`
		Replace *struct {
			Version string `json:"Version"`
		} `json:"Replace"`
	} `json:"Module"`
}

// local says whether the package is one that somebody may edit: of the module
// itself, of a workspace, or of a directory that replaces a module.
func (p *listed) local() bool {
	return p.Module != nil && (p.Module.Main || p.Module.Replace != nil && p.Module.Replace.Version == "")
}

// sources asks the go command what f is made of. It answers also if not all of
// that can be built, and then does not know everything.
func (f *fleet) sources(ctx context.Context) (sources, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-json=Dir,EmbedPatterns,EmbedFiles,Module", "./cmd/"+f.name) //nolint:gosec // the name was checked when the service was made
	cmd.Dir = f.dir
	list, err := cmd.Output()
	if err != nil {
		return sources{}, fmt.Errorf("go list ./cmd/%s: %w", f.name, err)
	}
	found := sources{paths: workspaces(f.root())}
	for dec := json.NewDecoder(strings.NewReader(string(list))); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return found.join(sources{}), nil
		case err != nil:
			return sources{}, fmt.Errorf("read go list ./cmd/%s: %w", f.name, err)
		}
		if p.local() {
			found.dirs = append(found.dirs, p.Dir)
			found.paths = append(found.paths, p.embedded()...)
			found.paths = append(found.paths, p.Module.GoMod)
		}
	}
}

// embedded are the files of p that are embedded, and where more could appear: a
// directory changes when one comes or goes.
func (p *listed) embedded() []string {
	var paths []string
	for _, name := range p.EmbedFiles {
		for ; name != "."; name = filepath.Dir(name) {
			paths = append(paths, filepath.Join(p.Dir, name))
		}
	}
	for _, pattern := range p.EmbedPatterns {
		fixed := strings.TrimPrefix(pattern, "all:")
		for strings.ContainsAny(fixed, `*?[\`) {
			fixed = filepath.Dir(fixed)
		}
		paths = append(paths, filepath.Join(p.Dir, fixed))
	}
	return paths
}

// workspaces is where the go.work in force is, or would be.
func workspaces(dir string) []string {
	if file := os.Getenv("GOWORK"); file != "" {
		return []string{file} // or off, which is none
	}
	for paths := []string(nil); ; dir = filepath.Dir(dir) {
		paths = append(paths, filepath.Join(dir, "go.work"))
		if dir == filepath.Dir(dir) {
			return paths
		}
	}
}
