package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// upgradeOptions are the flags of kitgen upgrade.
type upgradeOptions struct {
	generateOptions

	conflict string
}

func newUpgrade(con *console.Console) *cobra.Command {
	o := upgradeOptions{generateOptions: generateOptions{output: output{Console: con}}}
	cmd := &cobra.Command{
		Use:   "upgrade [DIR]",
		Short: "Merge what this kitgen writes otherwise into files of yours",
		Long: `Brings the service in DIR (here, if not given) up to date, as kitgen generate
does, and merges three ways into the files that are yours: what kitgen wrote
into them, which is in ` + project.BasePath + `, what you made of it, and what this
kitgen writes. It needs no network, and nothing of the kitgen before.

A place that you and kitgen both changed is a conflict. --conflict says what
then: side leaves your file as it is and writes the merge, with markers, beside
it, as FILE.kitgen; markers writes it into your file; ours keeps your text. The
exit code is 5 if something is left for you to merge.`,
		Args: oneDirectory,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return o.run(cmd.Context())
		},
		ValidArgsFunction: completeServices,
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.conflict, "conflict", string(project.Side), "what becomes of conflicts: side, markers or ours")
	completesWith(cmd, "conflict", resolves)
	return cmd
}

var resolves = []string{string(project.Side), string(project.Markers), string(project.Ours)}

func (o *upgradeOptions) run(ctx context.Context) error {
	if !slices.Contains(resolves, o.conflict) {
		return misuse("--conflict %q: write side, markers or ours", o.conflict)
	}
	root, err := openDir(o.Console, o.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	plan, err := o.plan(root, project.Options{Force: o.force, Upgrade: true, Resolve: project.Resolve(o.conflict)})
	if err != nil {
		return err
	}
	if err := o.apply(ctx, root, plan); err != nil {
		return err
	}
	if len(plan.Conflicts) > 0 {
		return fmt.Errorf("%w in %s", errConflict, count(len(plan.Conflicts), "file"))
	}
	return nil
}
