package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/typo"
)

// known refuses a value that is not among those there are.
func known(flag, value string, values []string) error {
	if slices.Contains(values, value) {
		return nil
	}
	mend := "write " + strings.Join(values, " or ")
	if near := typo.Nearest(value, values); near != "" {
		mend = "did you mean " + near + "?"
	}
	return project.Refusal(fmt.Sprintf("KG081: %s %q: there is no such thing; %s", flag, value, mend))
}

// commandsOnly refuses arguments of a command that only has subcommands.
func commandsOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	names := subcommands(cmd)
	mend := "there are " + strings.Join(names, ", ")
	if near := typo.Nearest(args[0], names); near != "" {
		mend = "did you mean " + cmd.CommandPath() + " " + near + "?"
	}
	return fmt.Errorf("no command %q; %s", args[0], mend)
}

// subcommands are the names of cmd's commands that are not hidden.
func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError adds the nearest flag to cobra's complaint about an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var names []string
	for word := range strings.FieldsSeq(cmd.Flags().FlagUsages()) {
		if flag, ok := strings.CutPrefix(word, "--"); ok {
			names = append(names, flag)
		}
	}
	if near := typo.Nearest(name, names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; there are --%s", err, strings.Join(names, ", --"))
}
