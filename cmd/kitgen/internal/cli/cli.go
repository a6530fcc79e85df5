package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/call"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/demo"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/dev"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/localetcd"
)

// Main runs kitgen and returns its exit code. args do not include the name of
// the program.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	con := &console.Console{In: stdin, Out: stdout, Err: stderr}
	root, started := newRoot(con)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !*started { // cobra's own complaints have no type
		err = console.UsageError{Err: err}
	}
	if err != nil {
		complain(stderr, err)
	}
	return exitCode(err)
}

// newRoot is the tree of commands; started is set once one of them runs, that
// is when the command line was understood.
func newRoot(con *console.Console) (root *cobra.Command, started *bool) {
	started = new(bool)
	root = &cobra.Command{
		Use:   "kitgen",
		Short: "From a Go interface to a running service made of go-kit parts",
		Example: `  kitgen new service greeter && make -C greeter
  kitgen generate`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          commandsOnly,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			*started = true
			if !slices.Contains([]string{"dev", "demo", "etcd", "call"}, cmd.Name()) {
				hurry()
			}
			return enter(con.Dir)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			return errors.Join(cmd.Help(), misuse("name a command"))
		},
	}
	con.Flags(root)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newNew(con), newAdd(con), newGenerate(con), newDiff(con), newEject(con), newUpgrade(con), newTemplate(con),
		dev.Command(con), call.Command(con), newGraph(con), newDoctor(con), newVersion(con),
		demo.Command(), localetcd.Command(), newSnapshot(),
	)
	completeShells(root)
	return root, started
}

// hurry lets a process that ends in a moment leave its garbage where it is, as
// long as that is little, and not count it for a profile that nobody asks for.
func hurry() {
	runtime.MemProfileRate = 0
	debug.SetMemoryLimit(64 << 20)
	debug.SetGCPercent(-1)
}

// enter makes dir, which -C names, the directory that everything happens in.
func enter(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.Chdir(dir); err != nil {
		return misuse("-C %s: %w; name a directory that is there", dir, cause(err))
	}
	return nil
}
