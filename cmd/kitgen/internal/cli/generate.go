package cli

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/httpgate"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// generateOptions are the flags of kitgen generate.
type generateOptions struct {
	output
	dir       string
	check     bool
	breakWire []string
	prune     bool
	renames   map[string]string
}

func newGenerate(con *console.Console) *cobra.Command {
	o := generateOptions{output: output{Console: con}}
	cmd := &cobra.Command{
		Use:   "generate [DIR]",
		Short: "Bring a service up to date with its interface",
		Long: `Reads the interface in DIR (here, if not given) and makes everything that
follows from it. Generated files are rewritten; into files of yours, missing
methods are inserted, and where a signature changed, parameters and results are,
if the body does not mind. Nothing else is touched.

Exit codes: 3 if --check finds that something would change, 4 if an input is
refused.`,
		Args: oneDirectory,
		Example: `  kitgen generate
  kitgen generate --rename Add=Plus     after Add became Plus in the interface
  kitgen generate --break-wire=http     after a change that nobody relies on yet
  kitgen generate --check               in CI`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return o.run(cmd.Context())
		},
	}
	o.flags(cmd)
	cmd.Flags().StringToStringVar(&o.renames, "rename", nil, "`OLD=NEW`: the method OLD of yours implements NEW now")
	cmd.Flags().BoolVar(&o.prune, "prune", false, "remove methods and tests that the interface no longer has, if nobody touched them")
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; exit with 3 if something would change")
	cmd.Flags().StringSliceVar(&o.breakWire, "break-wire", nil, "start the contract of a `WIRE` over, grpc or http, or of both; who relies on the committed one is not understood any more")
	cmd.Flags().Lookup("break-wire").NoOptDefVal = strings.Join(knownTransports, ",")
	completesWith(cmd, "break-wire", knownTransports)
	return cmd
}

// directory is the argument of a command that works on one, or the one here.
func directory(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "."
}

func (o *generateOptions) run(ctx context.Context) error {
	root, err := openDir(o.Console, o.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, wire := range o.breakWire {
		if err := known("--break-wire", wire, knownTransports); err != nil {
			return err
		}
	}
	opt := project.Options{Force: o.force, Prune: o.prune}
	for _, from := range slices.Sorted(maps.Keys(o.renames)) {
		opt.Renames = append(opt.Renames, project.Rename{From: from, To: o.renames[from], Asked: true})
	}
	plan, err := o.plan(root, opt)
	if err != nil {
		return err
	}
	if o.check {
		o.dryRun = true
	}
	if renames := o.ask(plan); renames != nil {
		opt.Renames = append(opt.Renames, renames...)
		if plan, err = o.plan(root, opt); err != nil {
			return err
		}
	}
	if err := o.apply(ctx, root, plan); err != nil {
		return err
	}
	if o.check && !plan.UpToDate() {
		return errOutOfDate
	}
	return nil
}

// ask asks a user who is there whether methods are what they seem to be.
func (o *generateOptions) ask(plan *project.Plan) []project.Rename {
	if o.looks() || len(plan.Edited) > 0 {
		return nil
	}
	var yes []project.Rename
	for _, r := range plan.Became {
		if o.Ask("%s is gone from the interface, and %s takes and returns the same. Is your %[1]s what %s does?", r.From, r.To, r.To) {
			yes = append(yes, r)
		}
	}
	return yes
}

// plan compares the service with what is in root.
func (o *generateOptions) plan(root *os.Root, opt project.Options) (*project.Plan, error) {
	old, err := project.ReadManifest(root.FS(), o.dir)
	if err != nil {
		return nil, err
	}
	in, err := serviceInput(root.FS(), o.dir, old)
	if err != nil {
		return nil, err
	}
	for _, wire := range o.breakWire {
		switch wire {
		case "grpc":
			in.OldProto = nil
		case "http":
			in.OldOpenAPI = nil
		}
	}
	return updateTo(root.FS(), in, old, opt)
}

// update plans how the service in fsys, which is the directory dir with or
// without changes that are not written yet, and has the manifest old, becomes
// one with the transports and the registry of next.
func update(fsys fs.FS, dir string, old, next *project.Manifest, force bool) (*project.Plan, error) {
	in, err := serviceInput(fsys, dir, next)
	if err != nil {
		return nil, err
	}
	return updateTo(fsys, in, old, project.Options{Force: force})
}

// updateTo plans how the service in fsys becomes what follows from in.
func updateTo(fsys fs.FS, in render.Input, old *project.Manifest, opt project.Options) (*project.Plan, error) {
	if !opt.Upgrade {
		in.Taken = old.Seeded
	}
	files, err := rendered(fsys, in, old)
	if err != nil {
		return nil, err
	}
	opt.Module = in.Service.Module
	for _, m := range in.Service.Methods {
		if m.Was != "" {
			opt.Renames = append(opt.Renames, project.Rename{From: m.Was, To: m.Name})
		}
	}
	plan, err := project.Update(fsys, old, manifest(in.Service, in.Transports, in.Registry), files, opt)
	if err != nil {
		return nil, err
	}
	plan.Warnings, err = warnings(in, files)
	return plan, err
}

// warnings are what may surprise in a service, and what its callers will miss
// of the contract that was committed.
func warnings(in render.Input, files []render.File) (lines []string, err error) {
	var lost spec.Problems
	if slices.ContainsFunc(files, func(f render.File) bool { return f.Kind == render.Locked && !bytes.Equal(f.Text, in.OldProto) }) {
		if lost, err = protogen.Losses(in.Service.Over("grpc"), in.OldProto); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		lost = f.Lost.Beside(lost)
	}
	for _, p := range slices.Concat(in.Service.Warnings, lost) {
		lines = append(lines, p.String())
	}
	return lines, nil
}

// greets reports whether the interface still begins with the method that kitgen
// new gave it, which it can write. What comes behind changes no example.
func greets(svc *spec.Service) bool {
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
	svc, err := spec.LoadFS(fsys, spec.Options{Interface: m.Interface, Name: m.Service, Module: module, Dir: abs})
	if err != nil {
		return in, err
	}
	in = render.Input{Service: svc, Version: kitgen.Version, Transports: m.Transports, Registry: m.Registry, Greets: greets(svc)}
	if in.Source, err = fs.ReadFile(fsys, svc.File); err != nil {
		return in, err
	}
	_, noModule := fs.Stat(fsys, "go.mod")
	in.Module = noModule == nil
	if in.OldProto, _, err = project.Read(fsys, render.ProtoPath(svc)); err != nil {
		return in, err
	}
	in.OldOpenAPI, err = oldOpenAPI(fsys, svc, m)
	return in, err
}

// oldOpenAPI is the committed description of svc over HTTP; nil if there is none that
// kitgen wrote, of which svc then warns.
func oldOpenAPI(fsys fs.FS, svc *spec.Service, m *project.Manifest) ([]byte, error) {
	path := render.OpenAPIPath(svc)
	text, there, err := project.Read(fsys, path)
	if err != nil {
		return nil, err
	}
	recorded, same := m.Wrote(path, text)
	switch {
	case same:
		return text, nil
	case recorded && !there:
		svc.Warnings = append(svc.Warnings, httpgate.Unknown(path, "is not there"))
	case recorded:
		svc.Warnings = append(svc.Warnings, httpgate.Unknown(path, "was edited by hand"))
	}
	return nil, nil
}

// edited refuses to overwrite what somebody changed in generated files.
func edited(files []project.Change) error {
	var b bytes.Buffer
	for _, c := range files {
		fmt.Fprintf(&b, "%s: KG070: was edited by hand, and is generated (%s): keep it with kitgen eject %[1]s, move the change elsewhere, or give it up with --force\n",
			c.Path, count(c.Lost(), "line"))
	}
	b.WriteString("it would be undone like this:\n")
	for _, c := range files {
		b.Write(c.Diff())
	}
	return project.Refusal(strings.TrimSpace(b.String()))
}
