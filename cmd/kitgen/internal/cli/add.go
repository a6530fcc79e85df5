package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func newAdd(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add something to a service: a method, a transport, a client, …",
		Long: `Makes the usual edits. What is there already stays as it is, so that every
command can be repeated; what cannot be inserted is printed, with its place.`,
		Args: commandsOnly,
		RunE: func(*cobra.Command, []string) error {
			return misuse("add what? Write kitgen add method 'Mul(ctx context.Context, a, b int) (product int, err error)', or see kitgen add --help")
		},
	}
	cmd.AddCommand(addMethod(con), addTransport(con), addRegistry(con), addMiddleware(con), addClient(con))
	return cmd
}

// service is one on disk that gets something more.
type service struct {
	root     *os.Root
	manifest *project.Manifest
}

// openService opens the service here; the caller closes its root.
func openService(con *console.Console) (*service, error) {
	root, err := openDir(con, ".")
	if err != nil {
		return nil, err
	}
	m, err := project.ReadManifest(root.FS(), ".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &service{root, m}, nil
}

// one refuses all but one argument.
func one(thing, example string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return fmt.Errorf("give one %s, as in %s; got %d", thing, example, len(args))
	}
}

// generated brings the service up to date with files that are not written yet
// and applies both. note is what was put into them.
func (s *service) generated(ctx context.Context, o *output, files map[string][]byte, note string) error {
	over := project.Overlay{FS: s.root.FS(), Files: files}
	plan, err := update(over, ".", s.manifest, s.manifest, o.force)
	if err != nil {
		return err
	}
	if err := plan.Amend(over, note); err != nil {
		return err
	}
	return o.apply(ctx, s.root, plan)
}
