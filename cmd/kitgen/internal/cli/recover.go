package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// openDir opens the directory of a service, as it was before a kitgen that was
// killed while it wrote there. One that made a service in the workspace around
// it has the whole workspace for its directory.
func openDir(con *console.Console, dir string) (*os.Root, error) {
	around := filepath.Join(dir, "..")
	if _, err := os.Stat(filepath.Join(around, project.WorkspacePath)); err == nil {
		_ = undo(con, around) // a kitgen that lives is at work beside this service
	}
	if err := undo(con, dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, project.Refusal(fmt.Sprintf("%s: %v; name the directory of a service", dir, cause(err)))
	}
	return root, nil
}

// undo makes dir, if there is one, what it was before a kitgen that was killed
// while it wrote there. It must run before anything is read from dir.
func undo(con *console.Console, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil // who reads from it tells
	}
	defer root.Close()
	undone, err := project.Recover(root)
	if undone {
		con.Hint("%s: a kitgen was killed while it wrote here; what it had written is undone", dir)
	}
	return err
}
