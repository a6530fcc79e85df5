package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func newEject(con *console.Console) *cobra.Command {
	o := output{Console: con}
	cmd := &cobra.Command{
		Use:   "eject FILE",
		Short: "Make a generated file yours, for good",
		Long: `Makes a generated file of the service here yours: its header changes, and
kitgen generate does not write it any more. When the interface changes so that
the file would be another, kitgen generate says so, and kitgen upgrade merges
the difference into yours.`,
		Example: "  kitgen eject http_gen.go",
		Args:    one("file", "kitgen eject http_gen.go"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return eject(cmd.Context(), &o, args[0])
		},
		ValidArgsFunction: completeGenerated,
	}
	o.lookFlags(cmd)
	return cmd
}

func eject(ctx context.Context, o *output, file string) error {
	name, err := project.CleanPath(filepath.ToSlash(file))
	if err != nil {
		return err
	}
	root, err := openDir(o.Console, ".")
	if err != nil {
		return err
	}
	defer root.Close()
	m, err := project.ReadManifest(root.FS(), ".")
	if err != nil {
		return err
	}
	in, err := serviceInput(root.FS(), ".", m)
	if err != nil {
		return err
	}
	files, err := rendered(root.FS(), in, m)
	if err != nil {
		return err
	}
	plan, err := project.Eject(root.FS(), m, name, files)
	if err != nil {
		return err
	}
	return o.apply(ctx, root, plan)
}

// completeGenerated lets the shell complete files that can be ejected.
func completeGenerated(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := openService(&console.Console{Quiet: true})
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer s.root.Close()
	return project.Ejectable(s.manifest), cobra.ShellCompDirectiveNoFileComp
}
