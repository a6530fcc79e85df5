package project

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"sync"
	"syscall"
)

// disk is a directory whose files can be made to outlive a power failure.
type disk struct{ *os.Root }

var _ directory = disk{}

// Sync returns when the disk has the text of a file, or the names in a
// directory. Where the system cannot tell, it does nothing.
func (d disk) Sync(name string) error {
	flag := os.O_RDONLY
	if runtime.GOOS == "windows" { // which syncs only what can be written, and so no directory
		flag = os.O_RDWR
	}
	file, err := d.OpenFile(name, flag, 0)
	if err == nil {
		err = errors.Join(file.Sync(), file.Close())
	}
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EISDIR) {
		return nil
	}
	return err
}

// SyncNames returns when the disk has the names that are in the directory dir.
func SyncNames(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return disk{root}.Sync(".")
}

// sync is Sync of all names, those that are not there aside. They go at once:
// the file system then writes its own journal a few times, and not once for
// each.
func (t *transaction) sync(names []string) error {
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			if err := t.dir.Sync(name); !errors.Is(err, fs.ErrNotExist) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// touched are the directories that get other names in them.
func (t *transaction) touched() []string {
	dirs := map[string]bool{}
	for _, s := range t.Steps {
		dirs[path.Dir(s.Path)] = true
	}
	for _, dir := range t.Dirs {
		dirs[path.Dir(dir)] = true
	}
	return slices.Sorted(maps.Keys(dirs))
}
