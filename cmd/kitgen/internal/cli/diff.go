package cli

import (
	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func newDiff(con *console.Console) *cobra.Command {
	o := generateOptions{output: output{Console: con, diff: true}}
	cmd := &cobra.Command{
		Use:   "diff [DIR]",
		Short: "Print what kitgen generate would change",
		Long: `Prints what kitgen generate would do to the service in DIR (here, if not given)
as a unified diff, and exits with 3 if that is anything.`,
		Args: oneDirectory,
		RunE: func(_ *cobra.Command, args []string) error {
			o.dir = directory(args)
			return o.compare()
		},
		ValidArgsFunction: completeServices,
	}
	return cmd
}

// compare prints the plan, also where it would undo somebody's edits.
func (o *generateOptions) compare() error {
	root, err := openDir(o.Console, o.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	plan, err := o.plan(root, project.Options{Force: true})
	if err != nil {
		return err
	}
	if o.JSON {
		o.diff = false
	}
	if err := o.show(plan); err != nil {
		return err
	}
	if !plan.UpToDate() {
		return errOutOfDate
	}
	return nil
}
