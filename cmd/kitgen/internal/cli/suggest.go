package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// known refuses a value that is not among those there are.
func known(flag, value string, values []string) error {
	if slices.Contains(values, value) {
		return nil
	}
	mend := "write " + strings.Join(values, " or ")
	if near := nearest(value, values); near != "" {
		mend = "did you mean " + near + "?"
	}
	return project.Refusal(fmt.Sprintf("%s %q: there is no such thing; %s", flag, value, mend))
}

// commandsOnly refuses arguments of a command that only has subcommands.
func commandsOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	mend := "there are " + strings.Join(names, ", ")
	if near := nearest(args[0], names); near != "" {
		mend = "did you mean " + cmd.CommandPath() + " " + near + "?"
	}
	return fmt.Errorf("no command %q; %s", args[0], mend)
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
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; there are --%s", err, strings.Join(names, ", --"))
}

// nearest is the name that word was probably meant to be; empty if there is
// none.
func nearest(word string, names []string) string {
	best, least := "", 1+len(word)/4
	for _, name := range names {
		if d := distance(strings.ToLower(word), name); d <= least {
			best, least = name, d-1
		}
	}
	return best
}

// distance is how many letters to add, drop, change or swap with their
// neighbour until a is b.
func distance(a, b string) int {
	var before, last []int // rows for a without its last two letters, and one
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
