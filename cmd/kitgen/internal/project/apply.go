package project

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Apply writes the plan below root. If it fails, everything is as it was
// before; if it cannot be, which is [ErrHalfWritten], if it is killed, or if the
// machine loses its power, [Recover] makes it so: nothing is renamed before the disk has the new texts, the old ones and
// the journal. Once Apply has returned without an error, the disk has all of
// it. That holds as far as the file system keeps what it was asked to sync, and
// renames whole; one that cannot sync a directory protects from kills alone.
//
// Files that are identical are not touched, and one that somebody saved since
// it was read is not replaced.
func (p *Plan) Apply(root *os.Root) error { return apply(disk{root}, p.Changes) }

// Recover puts back what an Apply had changed that was killed before it was
// through, and reports whether there was one. It must run before anything is
// read from root.
func Recover(root *os.Root) (bool, error) { return restore(disk{root}) }

// directory is what a transaction needs of an [os.Root], and Sync, which may be
// called by several goroutines at once.
type directory interface {
	Lstat(name string) (fs.FileInfo, error)
	ReadFile(name string) ([]byte, error)
	WriteFile(name string, data []byte, perm fs.FileMode) error
	Chmod(name string, mode fs.FileMode) error
	Mkdir(name string, perm fs.FileMode) error
	Link(from, to string) error
	Rename(from, to string) error
	Remove(name string) error
	RemoveAll(name string) error
	Sync(name string) error // of a file or directory, to the disk
}

func apply(dir directory, changes []Change) error {
	t := &transaction{dir: dir}
	if err := t.prepare(changes); err != nil || len(t.Steps) == 0 {
		return err
	}
	if err := t.open(); err != nil {
		return err
	}
	err := t.stage()
	if err == nil {
		err = t.commit()
	}
	if err != nil {
		return errors.Join(err, t.rollBack())
	}
	return nil
}

// transaction is files on their way. Its exported fields are the journal: what
// [Recover] must know.
type transaction struct {
	Steps []step   `json:"steps"`
	Dirs  []string `json:"dirs"` // that are not there yet, outermost first

	dir directory
}

// step is one file. Its new text waits, and its old text is kept, below
// pendingDir until all steps are done.
type step struct {
	Path   string `json:"path"`
	Hash   string `json:"hash"`   // of the new text; empty if the file goes
	Staged string `json:"staged"` // where the new text waits; empty if the file goes
	Backup string `json:"backup"` // where the old text is kept; empty if there was no file

	change Change
	mode   fs.FileMode // of the file before; 0 if there was none
}

// prepare makes steps of changes, and refuses all targets together that are no
// files to be written.
func (t *transaction) prepare(changes []Change) error {
	var errs []error
	planned := map[string]bool{".": true}
	for i, c := range changes {
		if c.Verb == Identical {
			continue
		}
		s := step{Path: c.Path, change: c}
		if c.Verb != Remove {
			s.Staged = fmt.Sprintf("%s/%d.new", pendingDir, i)
			s.Hash = hash(c.New)
		}
		info, err := t.dir.Lstat(c.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			errs = append(errs, t.parents(c.Path, planned))
		case err != nil:
			errs = append(errs, refuse("KG010: %s: %v; kitgen writes into the service's directory and what is in it, nothing else", c.Path, err))
		default:
			s.Backup, s.mode = fmt.Sprintf("%s/%d.old", pendingDir, i), info.Mode().Perm()
			errs = append(errs, writable(c.Path, info.Mode()))
		}
		t.Steps = append(t.Steps, s)
	}
	return errors.Join(errs...)
}

// parents notes the directories above path that are to be made.
func (t *transaction) parents(path string, planned map[string]bool) error {
	var missing []string
	for dir := range directories(path) {
		if planned[dir] {
			break
		}
		planned[dir] = true
		_, err := t.dir.Lstat(dir)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return refuse("KG010: %s: %v; move away what is in its place", path, err)
		}
		missing = append([]string{dir}, missing...)
	}
	t.Dirs = append(t.Dirs, missing...)
	return nil
}

// writable refuses what a rename would replace without asking.
func writable(path string, mode fs.FileMode) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		return refuse("KG010: %s: is a symbolic link, and would be replaced by a file; put the file itself there", path)
	case !mode.IsRegular():
		return refuse("KG010: %s: is no file; move it away", path)
	case mode&0o200 == 0:
		return refuse("KG010: %s: is read-only; make it writable, as with chmod u+w", path)
	}
	return nil
}

// stage writes the new texts, keeps the old ones, and writes the journal: all
// of it is on the disk before anything is in its place.
func (t *transaction) stage() error {
	written := []string{journalPath + ".new"}
	for _, s := range t.Steps {
		if s.Staged != "" {
			if err := t.write(s.Staged, s.change.New, s.mode); err != nil {
				return fmt.Errorf("write %s: %w", s.Path, err)
			}
			written = append(written, s.Staged)
		}
		if s.Backup != "" {
			if err := t.keep(s); err != nil {
				return fmt.Errorf("keep %s: %w", s.Path, err)
			}
			written = append(written, s.Backup)
		}
	}
	return t.writeJournal(written)
}

// write writes a file of that mode; 0 means that of a new one.
func (t *transaction) write(name string, text []byte, mode fs.FileMode) error {
	if err := t.dir.WriteFile(name, text, 0o644); err != nil || mode == 0 {
		return err
	}
	return t.dir.Chmod(name, mode)
}

// keep has the old text in two places: by a link, or where the file system
// knows none by a copy.
func (t *transaction) keep(s step) error {
	if t.dir.Link(s.Path, s.Backup) == nil {
		return nil
	}
	return t.write(s.Backup, s.change.Old, s.mode)
}

// commit puts every text in its place. It is done once the journal is gone.
func (t *transaction) commit() error {
	for _, dir := range t.Dirs {
		if err := t.dir.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("create directory %s: %w", dir, err)
		}
	}
	for _, s := range t.Steps {
		if err := t.put(s); err != nil {
			return fmt.Errorf("%s %s: %w", s.change.Verb, s.Path, err)
		}
	}
	if err := t.sync(t.touched()); err != nil {
		return err
	}
	return t.finish()
}

// put does one step, unless the file is no longer what the plan was made for.
func (t *transaction) put(s step) error {
	text, err := t.dir.ReadFile(s.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there := err == nil; there == (s.change.Verb == Create) || there && !bytes.Equal(text, s.change.Old) {
		return refuse("somebody changed it meanwhile; run it again")
	}
	if s.Staged == "" {
		return t.dir.Remove(s.Path)
	}
	return t.dir.Rename(s.Staged, s.Path)
}
