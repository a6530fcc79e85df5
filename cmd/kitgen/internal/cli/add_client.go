package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/templates"
)

// clientOptions are the flags of kitgen add client.
type clientOptions struct {
	output
	into      string
	of        string
	transport string
}

func addClient(con *console.Console) *cobra.Command {
	o := clientOptions{output: output{Console: con}}
	cmd := &cobra.Command{
		Use:   "client DIR",
		Short: "Let another package call a service: discovery, balancing, retries, breakers",
		Long: `Writes a file into the package in DIR that opens the registry and makes a client
of the service, with every policy around a call in sight. The file is yours from
then on.`,
		Example: `  kitgen add client ../billing             # billing calls the service here
  kitgen add client . --of ../greeter      # the package here calls greeter`,
		Args: one("directory", "kitgen add client ../billing"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.into = args[0]
			return o.run(cmd.Context())
		},
	}
	o.lookFlags(cmd)
	cmd.Flags().StringVar(&o.of, "of", ".", "directory of the service that is called, or its name, if it is beside this directory")
	cmd.Flags().StringVar(&o.transport, "transport", "", "wire to call over (grpc if the service speaks it)")
	return cmd
}

func (o *clientOptions) run(ctx context.Context) error {
	dir, manifest, err := called(o.of)
	if err != nil {
		return err
	}
	if err := o.wire(manifest); err != nil {
		return err
	}
	in, err := serviceInput(os.DirFS(dir), dir, manifest)
	if err != nil {
		return err
	}
	if err := undo(o.Console, o.into); err != nil {
		return err
	}
	into, err := project.Caller(o.into, dir)
	if err != nil {
		return err
	}
	if above := filepath.Dir(into.Dir); !isDir(above) {
		return project.Refusal(filepath.Dir(filepath.Clean(o.into)) + ": no such directory; make it first, or name another")
	}
	if place := into.Declares(render.ClientFunc(in.Service)); place != "" {
		o.Hint("%s: %s is there already", filepath.ToSlash(filepath.Join(o.into, place)), render.ClientFunc(in.Service))
		return nil
	}
	plan, err := o.plan(in, into)
	if err != nil {
		return err
	}
	return o.write(ctx, plan, into, in.Service.Module, dir)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// called finds the service that is called, in the directory of or beside this
// one.
func called(of string) (dir string, m *project.Manifest, err error) {
	for _, dir := range []string{of, filepath.Join("..", of)} {
		m, err := project.ReadManifest(os.DirFS(dir), dir)
		if err == nil {
			return dir, m, nil
		}
		if _, statErr := os.Stat(filepath.Join(dir, project.ManifestPath)); !errors.Is(statErr, fs.ErrNotExist) {
			return "", nil, err
		}
	}
	return "", nil, project.Refusal(fmt.Sprintf("--of %s: neither that nor ../%[1]s is the directory of a generated service, which has a %s; name one that is", of, project.ManifestPath))
}

// wire chooses the transport, if the user does not.
func (o *clientOptions) wire(m *project.Manifest) error {
	if o.transport != "" {
		return known("--transport", o.transport, m.Transports)
	}
	o.transport = m.Transports[0]
	if slices.Contains(m.Transports, "grpc") {
		o.transport = "grpc"
	}
	return nil
}

func (o *clientOptions) plan(in render.Input, into *project.Calling) (*project.Plan, error) {
	tree, err := fs.Sub(templates.Client, "client")
	if err != nil {
		return nil, err
	}
	file, err := render.Client(render.ClientInput{
		Service:   in.Service,
		Into:      into.Package,
		Transport: o.transport,
		Target:    registryTarget(in.Registry, in.Service.Name),
	}, tree)
	if err != nil {
		return nil, err
	}
	return into.Plan(file)
}

func registryTarget(registry, service string) string {
	if registry == "consul" {
		return "consul://127.0.0.1:8500/" + service
	}
	return "etcd://127.0.0.1:2379/" + service
}

func (o *clientOptions) write(ctx context.Context, plan *project.Plan, into *project.Calling, service, serviceDir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !o.looks() {
		if err := written(create(into.Dir, plan)); err != nil {
			return err
		}
	}
	for i := range plan.Changes {
		plan.Changes[i].Path = filepath.ToSlash(filepath.Join(o.into, plan.Changes[i].Path))
	}
	if err := o.show(plan); err != nil || o.looks() {
		return err
	}
	hint, err := into.Needs(service, serviceDir)
	if hint != "" {
		o.Hint("\n%s", hint)
	}
	return err
}
