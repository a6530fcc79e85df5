package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// While kitgen writes, what it takes to undo that is here.
const (
	pendingDir  = ".kitgen-pending"
	ownerPath   = pendingDir + "/owner"
	journalPath = pendingDir + "/journal"
)

// ErrHalfWritten is wrapped by the error of an Apply that could not put back all
// that it had changed.
var ErrHalfWritten = errors.New("some of it is written, and the next kitgen here undoes that")

// restore undoes the transaction that a killed process left, if there is one.
func restore(dir directory) (bool, error) {
	if _, err := dir.Lstat(pendingDir); err != nil {
		return false, nil //nolint:nilerr // what cannot be seen is not there; the writing will tell
	}
	if text, err := dir.ReadFile(ownerPath); err == nil {
		if pid := alive(string(text)); pid != 0 {
			return false, refuse("%s: kitgen is writing here, as process %d; wait until it is done, or remove %s if that is another program", pendingDir, pid, ownerPath)
		}
	}
	t := &transaction{dir: dir}
	text, err := dir.ReadFile(journalPath)
	if errors.Is(err, fs.ErrNotExist) { // nothing was in its place yet, or all was
		return false, t.finish()
	}
	if err == nil {
		err = json.Unmarshal(text, t)
	}
	if err != nil {
		return false, fmt.Errorf("undo what an earlier kitgen left: read %s: %w; restore the files from version control and remove %s", journalPath, err, pendingDir)
	}
	return true, t.rollBack()
}

// owner tells this process from others, also from those that had its number
// before the machine was started anew.
func owner() string { return fmt.Sprintln(os.Getpid(), boot()) }

// boot is another one each time that the machine starts; empty where nothing
// tells.
func boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// alive is the number of another process that owner seems to be; 0 if there is
// none. It may be any, which costs the user a look, where the other mistake
// costs a file.
func alive(owner string) int {
	number, started, _ := strings.Cut(strings.TrimSuffix(owner, "\n"), " ")
	pid, err := strconv.Atoi(number)
	if !strings.HasSuffix(owner, "\n") || err != nil || pid == os.Getpid() || started != boot() {
		return 0
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return 0
	}
	if runtime.GOOS == "windows" { // finds none that is not there
		return pid
	}
	if err := p.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, os.ErrPermission) {
		return 0
	}
	return pid
}

// open makes the place where texts wait; who made it is alone with it.
func (t *transaction) open() error {
	err := t.dir.Mkdir(pendingDir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return refuse("%s: another kitgen is writing here; wait until it is done and run it again", pendingDir)
	}
	if err == nil {
		err = t.dir.WriteFile(ownerPath, []byte(owner()), 0o644)
	}
	if err != nil {
		t.close()
		return fmt.Errorf("create %s: %w", pendingDir, err)
	}
	return nil
}

// close removes every trace of the transaction but its result.
func (t *transaction) close() {
	_ = t.dir.RemoveAll(pendingDir) // what stays is removed by the next
}

// writeJournal makes the transaction one that can be undone by others. What it
// tells of has been written, and goes to the disk before it does.
func (t *transaction) writeJournal(written []string) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := t.dir.WriteFile(journalPath+".new", text, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", journalPath, err)
	}
	if err := t.sync(written); err != nil {
		return err
	}
	if err := t.dir.Rename(journalPath+".new", journalPath); err != nil {
		return err
	}
	return t.sync([]string{pendingDir, "."})
}

// finish takes the journal away: from then on nothing is undone. What the
// journal tells of stays until the disk knows.
func (t *transaction) finish() error {
	if err := t.dir.Remove(journalPath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if t.dir.Sync(pendingDir) == nil {
		t.close()
	}
	return nil
}

// rollBack makes everything as it was before, from any state that the
// transaction can be in, and so also from one that a rollBack left.
func (t *transaction) rollBack() error {
	var errs []error
	for _, s := range t.Steps {
		if err := t.takeBack(s); err != nil {
			errs = append(errs, fmt.Errorf("undo %s: %w", s.Path, err))
		}
	}
	for _, dir := range slices.Backward(t.Dirs) {
		_ = t.dir.Remove(dir) // stays if somebody put a file there meanwhile
	}
	errs = append(errs, t.sync(t.touched()))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w\n%w", err, ErrHalfWritten)
	}
	if err := t.finish(); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	return nil
}

// takeBack undoes one step, whether or not it was done. A file that is not the
// one which was put there is somebody's work since then, and stays.
func (t *transaction) takeBack(s step) error {
	text, err := t.dir.ReadFile(s.Path)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there && (s.Hash == "" || hash(text) != s.Hash) {
		return nil
	}
	switch {
	case !there && s.Staged != "" && t.waits(s): // it was not done, and somebody removed the file
	case s.Backup != "":
		err = t.dir.Rename(s.Backup, s.Path)
	case there && !t.waits(s):
		err = t.dir.Remove(s.Path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// waits reports whether the new text has not left for its place.
func (t *transaction) waits(s step) bool {
	_, err := t.dir.Lstat(s.Staged)
	return err == nil
}

// directories are those that name is in, innermost first.
func directories(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if !yield(dir) {
				return
			}
		}
	}
}
