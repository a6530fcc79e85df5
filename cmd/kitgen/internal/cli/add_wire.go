package cli

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

func addTransport(con *console.Console) *cobra.Command {
	o := output{Console: con}
	cmd := &cobra.Command{
		Use:   "transport http|grpc",
		Short: "Serve the service over one wire more",
		Long: `Generates the wire's files and has main serve them. Files of yours that were
never edited are made anew for it; of others you are told what to change.`,
		Example:   "  kitgen add transport grpc",
		Args:      one("transport", "kitgen add transport grpc"),
		ValidArgs: knownTransports,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := known("transport", args[0], knownTransports); err != nil {
				return err
			}
			return change(cmd.Context(), &o, func(m *project.Manifest) {
				m.Transports = slices.DeleteFunc(slices.Clone(knownTransports), func(t string) bool {
					return t != args[0] && !slices.Contains(m.Transports, t)
				})
			})
		},
	}
	o.flags(cmd)
	return cmd
}

func addRegistry(con *console.Console) *cobra.Command {
	o := output{Console: con}
	cmd := &cobra.Command{
		Use:   "registry etcd|consul",
		Short: "Register there unless told otherwise at start",
		Long: `Changes where the service registers unless its -registry says otherwise, and
what is deployed beside it. Files of yours that were never edited are made anew
for it; of others you are told what to change.`,
		Example:   "  kitgen add registry consul",
		Args:      one("registry", "kitgen add registry consul"),
		ValidArgs: knownRegistries,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := known("registry", args[0], knownRegistries); err != nil {
				return err
			}
			return change(cmd.Context(), &o, func(m *project.Manifest) { m.Registry = args[0] })
		},
	}
	o.flags(cmd)
	return cmd
}

// change makes the service here what to makes of its manifest.
func change(ctx context.Context, o *output, to func(*project.Manifest)) (err error) {
	s, err := openService(o.Console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.root.Close()) }()
	next := *s.manifest
	to(&next)
	plan, err := update(s.root.FS(), ".", s.manifest, &next, o.force)
	if err != nil {
		return err
	}
	was, err := filesOf(s.root.FS(), s.manifest)
	if err != nil {
		return err
	}
	now, err := filesOf(s.root.FS(), &next)
	if err != nil {
		return err
	}
	plan.Reseed(was, now)
	if err := o.apply(ctx, s.root, plan); err != nil {
		return err
	}
	if !slices.Equal(next.Transports, s.manifest.Transports) && !o.looks() {
		o.Hint("\nNext: go mod tidy, since the service imports more now")
	}
	return nil
}

// filesOf is every file of the service in fsys, as m has it.
func filesOf(fsys fs.FS, m *project.Manifest) ([]render.File, error) {
	in, err := serviceInput(fsys, ".", m)
	if err != nil {
		return nil, err
	}
	return rendered(fsys, in, m)
}
