package dev

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// service is a generated service that is to run.
type service struct {
	name  string
	dir   string // absolute
	iface string // Go name of its interface
	http  bool
	grpc  bool
}

// depth is how far below a workspace its services are looked for.
const depth = 3

// Services are the directories of the service in dir, or else of all below it.
func Services(dir string) ([]string, error) {
	found, err := find(dir)
	dirs := make([]string, len(found))
	for i, s := range found {
		dirs[i] = s.dir
	}
	return dirs, err
}

// find returns the service in dir, or else all that are below it.
func find(dir string) ([]*service, error) {
	if _, err := os.Stat(filepath.Join(dir, project.ManifestPath)); err == nil {
		s, err := read(dir)
		if err != nil {
			return nil, err
		}
		return []*service{s}, nil
	}
	var found []*service
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && hidden(d.Name()), d.IsDir() && level(dir, path) > depth:
			return fs.SkipDir
		case d.IsDir() || d.Name() != project.ManifestPath:
			return nil
		}
		s, err := read(filepath.Dir(path))
		if err != nil {
			return err
		}
		found = append(found, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, project.Refusal(fmt.Sprintf("%s: no %s here or below, so there is no service to run; go to the directory of one, or make one: kitgen new service greeter",
			dir, project.ManifestPath))
	}
	return found, alone(found)
}

func read(dir string) (*service, error) {
	m, err := project.ReadManifest(os.DirFS(dir), dir)
	if err != nil {
		return nil, err
	}
	return &service{name: m.Service, dir: dir, iface: m.Interface, http: slices.Contains(m.Transports, "http"), grpc: slices.Contains(m.Transports, "grpc")}, nil
}

// alone refuses two services of one name: the registry could not tell them
// apart.
func alone(all []*service) error {
	at := map[string]string{}
	for _, s := range all {
		if other, ok := at[s.name]; ok {
			return project.Refusal(fmt.Sprintf("%s and %s are both called %s, and would be one service in the registry; run kitgen dev in one of the two", other, s.dir, s.name))
		}
		at[s.name] = s.dir
	}
	return nil
}

// hidden are directories that have no service and no source of one.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules" || name == "testdata" || name == "vendor"
}

func level(root, path string) int {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		return 0
	}
	return 1 + strings.Count(filepath.ToSlash(rel), "/")
}

// root is the directory whose source the service is made of: that of its
// module.
func (s *service) root() string {
	for dir := s.dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return s.dir
		}
	}
}
