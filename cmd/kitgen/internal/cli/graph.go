package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/graph"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func newGraph(con *console.Console) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "graph [DIR]",
		Short: "Show the services in a directory: endpoints, middleware in its order, who calls whom",
		Long: `Reads the services in DIR (here, if not given) and below. Of each it shows its
methods with their places on both wires, what a call passes in the server and in
a client, outermost first, and which of the other services it calls.`,
		Example: `  kitgen graph
  kitgen graph --format mermaid > services.mmd`,
		Args:              oneDirectory,
		ValidArgsFunction: completeServices,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := known("--format", format, graphFormats); err != nil {
				return err
			}
			return runGraph(con, append(args, ".")[0], format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or mermaid")
	completesWith(cmd, "format", graphFormats)
	return cmd
}

var graphFormats = []string{"text", "mermaid"}

func runGraph(con *console.Console, dir, format string) error {
	services, err := readServices(dir)
	if err != nil {
		return err
	}
	if con.JSON {
		enc := json.NewEncoder(con.Out)
		for _, s := range services {
			if err := enc.Encode(s); err != nil {
				return err
			}
		}
		return nil
	}
	draw := graph.Text
	if format == "mermaid" {
		draw = graph.Mermaid
	}
	_, err = io.WriteString(con.Out, draw(services))
	return err
}

// readServices describes the services in dir and below. The problems of all of
// them are reported together.
func readServices(dir string) ([]*graph.Service, error) {
	dirs, err := findServices(dir)
	if err != nil {
		return nil, err
	}
	var services []*graph.Service
	var errs []error
	for _, d := range dirs {
		m, err := project.ReadManifest(os.DirFS(d), d)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		in, err := serviceInput(os.DirFS(d), d, m)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d, err))
			continue
		}
		settings, err := project.Settings(os.DirFS(d), m)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s, err := graph.New(in.Service, m.Transports, m.Registry, settings)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.Dir = filepath.ToSlash(d)
		services = append(services, s)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return services, graph.Connect(services, imports)
}

// findServices are the directories of services in dir and below.
func findServices(dir string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && skipped(d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && d.Name() == project.ManifestPath:
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, project.Refusal(fmt.Sprintf("%s: no such directory; name one with services in it", dir))
	}
	if err == nil && len(dirs) == 0 {
		return nil, project.Refusal(fmt.Sprintf("%s: no service is there or below: none has a %s; make one: kitgen new service greeter", dir, project.ManifestPath))
	}
	return dirs, err
}

// skipped are directories that the go command does not look into either.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor" || name == "node_modules"
}

// imports are what the Go files of a service import, those of other services
// below it aside.
func imports(dir string) ([]string, error) {
	fsys := os.DirFS(dir)
	var paths []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != ".":
			_, err := fs.Stat(fsys, path.Join(name, project.ManifestPath))
			if err == nil || skipped(d.Name()) {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		paths = append(paths, graph.Imports(text)...)
		return err
	})
	return paths, err
}
