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

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

// workspaceOptions are the flags of kitgen new workspace.
type workspaceOptions struct {
	output
	name       string
	services   []string
	transports []string
	registry   string
	module     string
	kitDir     string
}

func newWorkspace(con *console.Console) *cobra.Command {
	o := workspaceOptions{output: output{Console: con}}
	cmd := &cobra.Command{
		Use:   "workspace NAME",
		Short: "Make a directory for several services, with one go.work and one compose file",
		Long: `Makes the directory NAME with services in it, each a module of its own, and what
joins them: go.work, a compose file with one registry, a Makefile. A service that
kitgen new service makes in it later joins the others.`,
		Example: "  kitgen new workspace shop --services billing,stock",
		Args:    one("name", "kitgen new workspace shop"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run(cmd.Context())
		},
	}
	o.lookFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.services, "services", nil, "services to start with")
	f.StringSliceVar(&o.transports, "transports", knownTransports, "wires that they speak")
	f.StringVar(&o.registry, "registry", "etcd", "where they register unless told otherwise at start: etcd or consul")
	f.StringVar(&o.module, "module", "", "what the module paths of the services begin with, such as example.com/shop")
	f.StringVar(&o.kitDir, "kit-dir", "", "checkout of the kitgen library to use (found if not set)")
	completesWith(cmd, "transports", knownTransports)
	completesWith(cmd, "registry", knownRegistries)
	return cmd
}

func (o *workspaceOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	lib, err := findLibrary(o.kitDir)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(o.name)
	if err != nil {
		return err
	}
	if err := errors.Join(undo(o.Console, o.name), vacant(dir, o.name)); err != nil {
		return err
	}
	plan, err := o.plan(dir, lib)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !o.looks() {
		if err := written(create(dir, plan)); err != nil {
			return err
		}
	}
	plan.Below(o.name)
	if err := o.show(plan); err != nil || o.looks() {
		return err
	}
	if len(o.services) == 0 {
		o.Hint("\nNext:\n    cd %s && kitgen new service greeter", o.name)
	} else {
		o.Hint("\nNext:\n    cd %s && make", o.name)
	}
	return nil
}

// check refuses what can be judged without looking at anything.
func (o *workspaceOptions) check() error {
	errs := []error{spec.CheckName(o.name)}
	if o.module != "" {
		errs = append(errs, project.CheckModulePath(o.module))
	}
	for i, name := range o.services {
		errs = append(errs, spec.CheckName(name))
		if slices.Contains(o.services[:i], name) {
			errs = append(errs, project.Refusal("--services: "+name+" is there twice; name each once"))
		}
	}
	service := newOptions{name: "service0", transports: o.transports, registry: o.registry}
	return errors.Join(append(errs, service.check())...)
}

// plan renders the workspace and its services, in memory.
func (o *workspaceOptions) plan(dir string, lib project.Library) (*project.Plan, error) {
	w := &project.Workspace{Kitgen: kitgen.Version, Name: o.name, Registry: o.registry, Module: o.module}
	var all project.Plan
	var blocks []string
	for _, name := range o.services {
		service := newOptions{name: name, transports: o.transports, registry: o.registry}
		plan, err := service.plan(project.Place{Dir: filepath.Join(dir, name), Module: w.ModuleOf(name), Own: true}, lib)
		if err != nil {
			return nil, err
		}
		if len(blocks) == 0 {
			blocks = []string{composeBlock(plan, o.registry)}
		}
		blocks = append(blocks, composeBlock(plan, name))
		plan.Below(name)
		all.Join(plan)
	}
	files, err := o.files(w, slices.DeleteFunc(blocks, func(b string) bool { return b == "" }))
	if err != nil {
		return nil, err
	}
	around := &project.Plan{}
	for _, f := range files {
		around.Changes = append(around.Changes, project.Change{Verb: project.Create, Path: f.Path, New: f.Text})
	}
	all.Join(around)
	return &all, nil
}

func (o *workspaceOptions) files(w *project.Workspace, blocks []string) ([]render.File, error) {
	tree, err := fs.Sub(templates.Workspace, "workspace")
	if err != nil {
		return nil, err
	}
	files, err := render.Workspace(render.WorkspaceInput{
		Name:     o.name,
		Registry: o.registry,
		Go:       strings.TrimPrefix(oldestGo, "go"),
		Services: o.services,
		Blocks:   blocks,
	}, tree)
	if err != nil {
		return nil, err
	}
	text, err := w.Text()
	return append(files, render.File{Path: project.WorkspacePath, Text: text}), err
}

// composeBlock is the container of that name in the compose.yaml that plan
// creates.
func composeBlock(plan *project.Plan, container string) string {
	var files []render.File
	for _, c := range plan.Changes {
		files = append(files, render.File{Path: c.Path, Text: c.New})
	}
	return render.ComposeBlock(files, container)
}

// joined is plan, of a service below the directory of w, and what lets the
// workspace know it.
func (o *newOptions) joined(w *project.Workspace, plan *project.Plan) (*project.Plan, error) {
	join, err := w.Join(os.DirFS("."), o.name, composeBlock(plan, o.name))
	if err != nil {
		return nil, fmt.Errorf("join workspace %s: %w", w.Name, err)
	}
	plan.Below(o.name)
	plan.Join(join)
	return plan, nil
}
