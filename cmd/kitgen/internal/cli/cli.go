package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/demo"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// The exit codes.
const (
	exitOK        = 0
	exitError     = 1 // unexpected
	exitUsage     = 2 // of the command line
	exitOutOfDate = 3 // generate --check
	exitRefused   = 4 // an input that kitgen does not work with
)

// errOutOfDate is what generate --check finds.
var errOutOfDate = errors.New("out of date; run kitgen generate")

// usageError is a mistake on the command line.
type usageError struct{ error }

// Main runs kitgen and returns its exit code. args do not include the name of
// the program.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root, started := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !*started { // cobra's own complaints have no type
		err = usageError{err}
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(stderr, "kitgen:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(stderr, "see kitgen help")
	}
	return exitCode(err)
}

func exitCode(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if errors.Is(err, errOutOfDate) {
		return exitOutOfDate
	}
	_, problems := errors.AsType[spec.Problems](err)
	_, refusal := errors.AsType[project.Refusal](err)
	if problems || refusal {
		return exitRefused
	}
	return exitError
}

// newRoot is the tree of commands; started is set once one of them runs, that
// is when the command line was understood.
func newRoot() (root *cobra.Command, started *bool) {
	started = new(bool)
	root = &cobra.Command{
		Use:   "kitgen",
		Short: "From a Go interface to a running service made of go-kit parts",
		Example: `  kitgen new service greeter && cd greeter && go test ./... && go run ./cmd/greeter
  kitgen generate`,
		SilenceErrors:    true,
		SilenceUsage:     true,
		Args:             commandsOnly,
		PersistentPreRun: func(*cobra.Command, []string) { *started = true },
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			return errors.Join(cmd.Help(), usageError{errors.New("name a command")})
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newNew(), newGenerate(), newVersion(), newSnapshot(), demo.Command(), demo.EtcdCommand())
	return root, started
}
