package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

const methodExample = `kitgen add method 'Mul(ctx context.Context, a, b int) (product int, err error)'`

func addMethod(con *console.Console) *cobra.Command {
	o := output{Console: con}
	cmd := &cobra.Command{
		Use:   "method SIGNATURE",
		Short: "Add a method to the interface, and everything that follows from it",
		Long: `Inserts the method behind the last one of the interface, imports what it names
of the standard library, and does what kitgen generate does. Comments may stand
above the signature, such as //kit:idempotent on a line of its own.`,
		Example: "  " + methodExample,
		Args:    one("method, in quotes", methodExample),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runAddMethod(cmd.Context(), &o, args[0])
		},
	}
	o.flags(cmd)
	return cmd
}

func runAddMethod(ctx context.Context, o *output, signature string) (err error) {
	method, err := project.ParseMethod(signature)
	if err != nil {
		return err
	}
	s, err := openService(o.Console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.root.Close()) }()
	in, err := serviceInput(s.root.FS(), ".", s.manifest)
	if err != nil {
		return err
	}
	file := in.Service.File
	inserted, err := method.Into(file, in.Source, in.Service.Interface)
	if err != nil {
		return err
	}
	err = s.generated(ctx, o, map[string][]byte{file: inserted.Text}, inserted.Note)
	return ofArgument(err, file, inserted)
}

// ofArgument says of problems in lines that were never written that they are
// in the argument.
func ofArgument(err error, file string, at *project.Insertion) error {
	problems, ok := errors.AsType[spec.Problems](err)
	if !ok || at.Last == 0 {
		return err
	}
	for i, p := range problems {
		rest, ok := strings.CutPrefix(p.Pos, file+":")
		if !ok {
			continue
		}
		line, col, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(line)
		c, errCol := strconv.Atoi(col)
		if err == nil && errCol == nil && n >= at.First && n <= at.Last {
			problems[i].Pos = fmt.Sprintf("method:%d:%d", n-at.First+1, max(1, c-1)) // without the tab
		}
	}
	return problems
}
