package cli

import (
	"fmt"
	"regexp"
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

// oneDirectory refuses more than one argument.
func oneDirectory(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("give one directory at most, as in %s greeter; got %d", cmd.CommandPath(), len(args))
	}
	return nil
}

// noArguments refuses any argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments; got %q", cmd.CommandPath(), args)
	}
	return nil
}

// flagError adds to the complaint about a flag the nearest one that there is, or
// what its value must be.
func flagError(cmd *cobra.Command, err error) error {
	if bad := badValue.FindStringSubmatch(err.Error()); bad != nil {
		return fmt.Errorf("--%s %s: is no such value; write --%[1]s %[3]s", bad[2], bad[1], valueOf(cmd, bad[2]))
	}
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

// badValue is the flag library's complaint about a value, and the name of its
// flag.
var badValue = regexp.MustCompile(`^invalid argument (".*") for "(?:-\w, )?--([\w-]+)" flag`)

// valueOf is what the value of a flag looks like: what its usage has between
// backquotes, or else an example of its type.
func valueOf(cmd *cobra.Command, name string) string {
	flag := cmd.Flag(name)
	if flag == nil {
		return "VALUE"
	}
	if parts := strings.Split(flag.Usage, "`"); len(parts) == 3 {
		return parts[1]
	}
	switch typ := flag.Value.Type(); typ {
	case "int":
		return "3"
	case "duration":
		return "2s"
	case "bool":
		return "true"
	default:
		return typ
	}
}
