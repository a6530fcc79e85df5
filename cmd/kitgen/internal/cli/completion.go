package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// completeShells gives root cobra's command for completion, but for a shell that
// there is not, which is a mistake here: shells would take the help for a script.
func completeShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args = commandsOnly
			cmd.RunE = func(*cobra.Command, []string) error {
				return misuse("name a shell: %s", strings.Join(subcommands(cmd), ", "))
			}
		}
	}
}

// completesWith lets the shell complete a flag's value from those there are.
func completesWith(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the command has no such flag: a slip in this package, which every run would show
	}
}

// completeServices lets the shell complete directories of services.
func completeServices(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found, err := filepath.Glob(filepath.Join("*", project.ManifestPath))
	if err != nil || len(found) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	for i, manifest := range found {
		found[i] = filepath.Dir(manifest)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
