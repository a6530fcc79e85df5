package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// newSnapshot is for make generate: it refreshes what go.mod and go.sum of a
// new service are made of.
func newSnapshot() *cobra.Command {
	var kitDir string
	cmd := &cobra.Command{
		Use:    "internal-snapshot DIR",
		Short:  "Refresh the go.mod and go.sum of new services, in the library's templates/module",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lib, err := findLibrary(kitDir)
			if err != nil {
				return err
			}
			if lib.Dir == "" {
				return errors.New("found no checkout of the library; name it with --kit-dir")
			}
			for _, transports := range [][]string{{"http"}, {"grpc"}, {"http", "grpc"}} {
				if err := snapshot(cmd, lib, transports, args[0]); err != nil {
					return fmt.Errorf("snapshot of %v: %w", transports, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&kitDir, "kit-dir", "", "checkout of the kitgen library to use (found if not set)")
	return cmd
}

// snapshot generates a service, has the go command tidy its module, and keeps
// the outcome.
func snapshot(cmd *cobra.Command, lib project.Library, transports []string, to string) (err error) {
	work, err := os.MkdirTemp("", "kitgen")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	o := newOptions{name: "greeter", transports: transports, registry: "etcd"}
	place := project.Place{Dir: filepath.Join(work, "service"), Module: "service"}
	plan, err := o.plan(place, lib)
	if err != nil {
		return err
	}
	if err := create(place.Dir, plan); err != nil {
		return err
	}
	version, err := goLine(lib)
	if err != nil {
		return err
	}
	gomod := fmt.Sprintf("module service\n\n%s\n\ntool %[3]s\n\nrequire (\n\t%[2]s v0.0.0\n\t%[3]s v0.0.0\n)\n\nreplace %[2]s => %[4]s\n\nreplace %[3]s => %[4]s/cmd/kitgen\n",
		version, libraryPath, project.ToolPath, lib.Dir)
	if err := os.WriteFile(filepath.Join(place.Dir, "go.mod"), []byte(gomod), 0o600); err != nil {
		return err
	}
	tidy := exec.CommandContext(cmd.Context(), "go", "mod", "tidy")
	tidy.Dir, tidy.Env = place.Dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := tidy.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, out)
	}
	return keep(place.Dir, lib, to, moduleName(transports))
}

// goLine is the go version that the library asks for.
func goLine(lib project.Library) (string, error) {
	text, err := os.ReadFile(filepath.Join(lib.Dir, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "go ") {
			return strings.TrimSpace(line), nil
		}
	}
	return "", fmt.Errorf("%s/go.mod has no go line", lib.Dir)
}

// keep copies what tidy left to dir: a go.mod per set of transports, and for
// all of them the go.mod of the library and of kitgen, and a go.sum, which may
// list more than a module needs.
func keep(service string, lib project.Library, dir, set string) error {
	gomod, err := os.ReadFile(filepath.Join(service, "go.mod"))
	if err != nil {
		return err
	}
	gomod, _, _ = bytes.Cut(gomod, []byte("\nreplace ")) // without the place of this checkout
	libmod, err := os.ReadFile(filepath.Join(lib.Dir, "go.mod"))
	if err != nil {
		return err
	}
	toolmod, err := os.ReadFile(filepath.Join(lib.Dir, "cmd", "kitgen", "go.mod"))
	if err != nil {
		return err
	}
	gosum, err := os.ReadFile(filepath.Join(service, "go.sum"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, set+".mod.txt"), gomod, 0o644),
		os.WriteFile(filepath.Join(dir, "library.mod.txt"), libmod, 0o644),
		os.WriteFile(filepath.Join(dir, "kitgen.mod.txt"), toolmod, 0o644),
		os.WriteFile(filepath.Join(dir, "go.sum.txt"), gosum, 0o644),
	)
}
