package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

// generateOptions are the flags of kitgen generate.
type generateOptions struct {
	output
	dir       string
	check     bool
	breakWire bool
}

func newGenerate(con *console.Console) *cobra.Command {
	o := generateOptions{output: output{Console: con}}
	cmd := &cobra.Command{
		Use:   "generate [DIR]",
		Short: "Bring a service up to date with its interface",
		Long: `Reads the interface in DIR (here, if not given) and makes everything that
follows from it. Generated files are rewritten; into files of yours, missing
methods are inserted and nothing else is touched.

Exit codes: 3 if --check finds that something would change, 4 if an input is
refused.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = "."
			if len(args) > 0 {
				o.dir = args[0]
			}
			return o.run(cmd.Context())
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; exit with 3 if something would change")
	cmd.Flags().BoolVar(&o.breakWire, "break-wire", false, "start the .proto over; callers built from the committed one are not understood any more")
	return cmd
}

func (o *generateOptions) run(ctx context.Context) error {
	root, err := os.OpenRoot(o.dir)
	if err != nil {
		return project.Refusal(fmt.Sprintf("%s: %v; name the directory of a service", o.dir, err))
	}
	defer root.Close()
	plan, err := o.plan(root)
	if err != nil {
		return err
	}
	if o.check {
		o.dryRun = true
	}
	if err := o.apply(ctx, root, plan); err != nil {
		return err
	}
	if o.check && !plan.UpToDate() {
		return errOutOfDate
	}
	return nil
}

// plan compares the service with what is in root.
func (o *generateOptions) plan(root *os.Root) (*project.Plan, error) {
	old, err := project.ReadManifest(root.FS(), o.dir)
	if err != nil {
		return nil, err
	}
	in, err := serviceInput(root.FS(), o.dir, old)
	if err != nil {
		return nil, err
	}
	if o.breakWire {
		in.OldProto = nil
	}
	return updateTo(root.FS(), in, old, o.force)
}

// update plans how the service in fsys, which is the directory dir with or
// without changes that are not written yet, and has the manifest old, becomes
// one with the transports and the registry of next.
func update(fsys fs.FS, dir string, old, next *project.Manifest, force bool) (*project.Plan, error) {
	in, err := serviceInput(fsys, dir, next)
	if err != nil {
		return nil, err
	}
	return updateTo(fsys, in, old, force)
}

// updateTo plans how the service in fsys becomes what follows from in.
func updateTo(fsys fs.FS, in render.Input, old *project.Manifest, force bool) (*project.Plan, error) {
	tree, err := fs.Sub(templates.Service, "service")
	if err != nil {
		return nil, err
	}
	files, err := render.Render(in, tree)
	if err != nil {
		return nil, err
	}
	return project.Update(fsys, old, manifest(in.Service, in.Transports, in.Registry), files, force)
}

// greets reports whether the interface is still the one that kitgen new made,
// whose method it can write.
func greets(svc *spec.Service) bool {
	if len(svc.Methods) != 1 {
		return false
	}
	m := svc.Methods[0]
	plain := func(fields []spec.Field, name string) bool {
		return len(fields) == 1 && fields[0].Name == name && fields[0].Type.Kind == spec.String && fields[0].Type.Name == ""
	}
	return m.Name == "Greet" && !m.NoError && plain(m.Params, "name") && plain(m.Results, "greeting")
}

// serviceInput reads what a service is made of.
func serviceInput(fsys fs.FS, dir string, m *project.Manifest) (in render.Input, err error) {
	for _, t := range m.Transports {
		if err := known(project.ManifestPath+": transports", t, knownTransports); err != nil {
			return in, err
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return in, err
	}
	if err := project.Pinned(abs); err != nil {
		return in, err
	}
	module, err := project.PackagePath(abs)
	if err != nil {
		return in, err
	}
	svc, err := spec.LoadFS(fsys, spec.Options{Interface: m.Interface, Name: m.Service, Module: module})
	if err != nil {
		return in, err
	}
	in = render.Input{Service: svc, Version: kitgen.Version, Transports: m.Transports, Registry: m.Registry, Greets: greets(svc)}
	if in.Source, err = fs.ReadFile(fsys, svc.File); err != nil {
		return in, err
	}
	in.OldProto, err = fs.ReadFile(fsys, render.ProtoPath(svc))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return in, err
}

// edited refuses to overwrite what somebody changed in generated files.
func edited(files []project.Change) error {
	var b bytes.Buffer
	var names []string
	for _, c := range files {
		names = append(names, c.Path)
		b.Write(c.Diff())
	}
	return project.Refusal(fmt.Sprintf("%s: edited by hand, and generated; move the change elsewhere, or give it up with --force. It would be undone like this:\n%s",
		strings.Join(names, ", "), strings.TrimSpace(b.String())))
}
