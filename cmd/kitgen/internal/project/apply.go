package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Apply writes the plan below root. If it fails, everything is as it was
// before. Files that are identical are not touched.
func (p *Plan) Apply(root *os.Root) error {
	t := &transaction{root: root}
	err := t.stage(p.Changes)
	if err == nil {
		err = t.commit()
	}
	if err != nil {
		return errors.Join(err, t.undo())
	}
	return nil
}

// transaction is files that have been written beside their places, and the
// traces that must go if it fails.
type transaction struct {
	root   *os.Root
	staged []staged
	done   int      // of staged, in their places
	dirs   []string // created, outermost first
}

type staged struct {
	Change
	temp string // empty for a file that goes
	mode fs.FileMode
}

func (t *transaction) stage(changes []Change) error {
	for _, c := range changes {
		if c.Verb == Identical {
			continue
		}
		s := staged{Change: c, mode: 0o644}
		if info, err := t.root.Stat(c.Path); err == nil {
			s.mode = info.Mode().Perm()
		}
		if c.Verb != Remove {
			s.temp = path.Join(path.Dir(c.Path), "."+path.Base(c.Path)+".kitgen")
			if err := t.mkdir(path.Dir(c.Path)); err != nil {
				return fmt.Errorf("create directory of %s: %w", c.Path, err)
			}
		}
		t.staged = append(t.staged, s)
		if s.temp == "" {
			continue
		}
		if err := t.root.WriteFile(s.temp, c.New, s.mode); err != nil {
			return fmt.Errorf("write %s: %w", c.Path, err)
		}
	}
	return nil
}

// mkdir creates dir and remembers each level that was not there.
func (t *transaction) mkdir(dir string) error {
	if dir == "." {
		return nil
	}
	level := ""
	for part := range strings.SplitSeq(dir, "/") {
		level = path.Join(level, part)
		err := t.root.Mkdir(level, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		t.dirs = append(t.dirs, level)
	}
	return nil
}

func (t *transaction) commit() error {
	for _, s := range t.staged {
		var err error
		switch s.temp {
		case "":
			err = t.root.Remove(s.Path)
		default:
			err = t.root.Rename(s.temp, s.Path)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", s.Verb, s.Path, err)
		}
		t.done++
	}
	return nil
}

// undo puts back what commit replaced and removes what stage created.
func (t *transaction) undo() error {
	var errs []error
	for i, s := range t.staged {
		var err error
		switch {
		case i >= t.done && s.temp != "":
			err = t.root.Remove(s.temp)
		case i >= t.done:
		case s.Verb == Create:
			err = t.root.Remove(s.Path)
		default:
			err = t.root.WriteFile(s.Path, s.Old, s.mode)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("undo %s: %w", s.Path, err))
		}
	}
	for _, dir := range slices.Backward(t.dirs) {
		_ = t.root.Remove(dir) // not empty if somebody else put a file there meanwhile
	}
	return errors.Join(errs...)
}
