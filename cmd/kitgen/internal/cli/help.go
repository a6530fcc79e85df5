package cli

import (
	"github.com/spf13/cobra"
)

// newHelp is cobra's help command, but for a command that there is not, which
// is a mistake here.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if of, _, err := cmd.Root().Find(args); err == nil {
				names = subcommands(of)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Traverse(args)
			if err == nil && len(rest) > 0 {
				err = commandsOnly(of, rest)
			}
			if err != nil {
				return misuse("%w", err)
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}
