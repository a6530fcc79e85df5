package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

func newNew(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make something new: a service, or a workspace for several",
		Args:  commandsOnly,
		RunE: func(*cobra.Command, []string) error {
			return misuse("new what? Write kitgen new service NAME")
		},
	}
	cmd.AddCommand(newService(con), newWorkspace(con))
	return cmd
}

// newOptions are the flags of kitgen new service.
type newOptions struct {
	output
	name       string
	module     string
	transports []string
	registry   string
	chosen     bool // the registry, by a flag
	from       string
	iface      string
	kitDir     string
}

func newService(con *console.Console) *cobra.Command {
	o := newOptions{output: output{Console: con}}
	cmd := &cobra.Command{
		Use:   "service NAME",
		Short: "Make a service that runs, in the directory NAME",
		Long: `Makes a service in the directory NAME: its interface, which is yours to edit,
and everything that follows from it, with tests that pass. Inside a module it
becomes a package of that module, unless --module makes it one of its own.`,
		Example: `  kitgen new service greeter
  kitgen new service addsvc --from addsvc.go --module example.com/addsvc
  kitgen new service people --from acme/people.proto`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("give one name, as in kitgen new service greeter; got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			o.chosen = cmd.Flags().Changed("registry")
			return o.run(cmd.Context())
		},
	}
	o.lookFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.module, "module", "", "module path (NAME if not set)")
	f.StringSliceVar(&o.transports, "transports", knownTransports, "wires to serve")
	f.StringVar(&o.registry, "registry", "etcd", "where to register unless told otherwise at start: etcd or consul")
	f.StringVar(&o.from, "from", "", "Go file whose interface the service has, or .proto to make it from (one to start with if not set)")
	f.StringVar(&o.iface, "interface", "", "which interface of that file, if there are several")
	completesWith(cmd, "transports", knownTransports)
	completesWith(cmd, "registry", knownRegistries)
	f.StringVar(&o.kitDir, "kit-dir", "", "checkout of the kitgen library to use (found if not set)")
	return cmd
}

var (
	knownTransports = []string{"http", "grpc"}
	knownRegistries = []string{"etcd", "consul"}
)

func (o *newOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	lib, err := findLibrary(o.kitDir)
	if err != nil {
		return err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := errors.Join(undo(o.Console, "."), undo(o.Console, o.name)); err != nil {
		return err
	}
	w, err := project.ReadWorkspace(os.DirFS(cwd))
	if err != nil {
		return err
	}
	o.follow(w)
	place, err := project.Locate(cwd, o.name, o.module)
	if err != nil {
		return err
	}
	if err := vacant(place.Dir, o.name); err != nil {
		return err
	}
	plan, err := o.plan(place, lib)
	if err != nil {
		return o.placed(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if w != nil {
		place.Work = ""
		if plan, err = o.joined(w, plan); err != nil {
			return err
		}
	}
	if err := o.write(place.Dir, plan, w != nil); err != nil || o.looks() {
		return err
	}
	o.next(place, lib)
	return nil
}

// follow takes from the workspace that the service joins what no flag says.
func (o *newOptions) follow(w *project.Workspace) {
	if w == nil {
		return
	}
	if !o.chosen {
		o.registry = w.Registry
	}
	if o.module == "" {
		o.module = w.ModuleOf(o.name)
	}
}

// write writes and shows plan: of the directory here, if the service joins
// others, else of its own.
func (o *newOptions) write(dir string, plan *project.Plan, joins bool) error {
	if joins {
		dir = "."
	}
	if !o.looks() {
		if err := written(create(dir, plan)); err != nil {
			return err
		}
	}
	if !joins {
		plan.Below(o.name)
	}
	return o.show(plan)
}

// check refuses what can be judged without looking at anything.
func (o *newOptions) check() error {
	errs := []error{spec.CheckName(o.name)}
	for _, t := range o.transports {
		errs = append(errs, known("--transports", t, knownTransports))
	}
	if len(o.transports) == 0 {
		errs = append(errs, project.Refusal("--transports: none given; write http, grpc or both"))
	}
	return errors.Join(append(errs, known("--registry", o.registry, knownRegistries))...)
}

// vacant refuses a directory that has something in it.
func vacant(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return project.Refusal(fmt.Sprintf("%s: %v; use another name, or another directory", name, err))
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) > 8 {
		names = append(names[:8], "…")
	}
	return project.Refusal(fmt.Sprintf("KG008: %s: directory is not empty: %s; use another name, or bring a service up to date with kitgen generate", name, strings.Join(names, ", ")))
}

// create writes a plan into dir, which is there afterwards only if that
// worked, unless it was there before.
func create(dir string, plan *project.Plan) (err error) {
	if _, statErr := os.Stat(dir); errors.Is(statErr, fs.ErrNotExist) {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, os.RemoveAll(dir))
			}
		}()
		// A directory that may be written but not read cannot be synced.
		if err := project.SyncNames(filepath.Dir(dir)); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return plan.Apply(root)
}

// next says what to type now.
func (o *newOptions) next(place project.Place, lib project.Library) {
	if place.Work != "" {
		o.Hint("\n%s is in force here and does not know the new module: go work use ./%s", place.Work, o.name)
	}
	if !place.Own && place.Around != lib.Dir {
		o.Hint("\n%s is a package of the module in %s, which needs the library:", place.Module, place.Around)
		if lib.Dir != "" {
			o.Hint("    go mod edit -tool=%[2]s -require=%[1]s@v0.0.0 -require=%[2]s@v0.0.0 -replace=%[1]s=%[3]s -replace=%[2]s=%[4]s && go mod tidy",
				libraryPath, project.ToolPath, lib.Dir, filepath.Join(lib.Dir, "cmd", "kitgen"))
		} else {
			o.Hint("    go get %[1]s@%[3]s && go get -tool %[2]s@%[3]s && go mod tidy", libraryPath, project.ToolPath, lib.Version)
		}
	}
	run := "cd %[1]s && go test -race ./... && kitgen dev"
	if place.Own {
		run = "make -C %[1]s" // the same, by the kitgen that its go.mod pins
	}
	o.Hint("\nNext:\n    "+run, o.name)
	if slices.Contains(o.transports, "http") && o.from == "" {
		o.Hint("    curl -d '{\"name\":\"Ada\"}' localhost:8080/greet")
	}
}
