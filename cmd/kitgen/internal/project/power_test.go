package project

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestPowerFails cuts the power behind each operation, of a plan that works and
// of those that fail on the way. What was not synced until then the disk may
// have or not, each for itself. The next run must find the tree as it was before
// or as it is after, and as it is after if the plan was said to be done.
func TestPowerFails(t *testing.T) {
	for _, links := range []bool{true, false} {
		for fail := 0; ; fail++ {
			ops, err := recorded(t, fail, links)
			for cut := max(0, fail-1); cut <= len(ops); cut++ { // before, nothing has failed yet
				for seed := range uint64(5) {
					got := recovered(t, remains(ops[:cut], rand.New(rand.NewPCG(seed, uint64(cut)))))
					diff := cmp.Diff(faultsAfter, got)
					if diff != "" && (fail > 0 || cut < len(ops)) {
						diff = cmp.Diff(faultsBefore, got)
					}
					if diff != "" {
						t.Fatalf("operation %d failed with %v, power behind %+v (-want +got)\n%s", fail, err, ops[:cut], diff)
					}
				}
			}
			if fail > len(ops)+1 || !links {
				break
			}
		}
	}
}

// recovered is the tree in dir after the next run.
func recovered(t *testing.T, dir memory) map[string]string {
	t.Helper()
	if _, err := restore(dir); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for name, file := range dir.files {
		if file.Mode.IsDir() {
			name += "/"
		}
		files[name] = string(file.Data)
	}
	return files
}

// recorded are the operations of a plan of which one fails, none if that is 0;
// with or without hard links.
func recorded(t *testing.T, fail int, links bool) (ops []operation, err error) {
	t.Helper()
	_, root := faultsPlace(t)
	n := 0
	err = apply(newFaulty(root, func(op operation) error {
		if n++; n == fail || op.verb == "link" && !links {
			return errors.ErrUnsupported
		}
		ops = append(ops, op)
		return nil
	}), faultsPlan())
	return ops, err
}

// journaled is a file system that does what it was asked to in memory first.
type journaled struct {
	names map[string]int // of files and directories, by path: numbers of inodes
	texts []string       // by inode; of a directory "/"
	later []later
}

// later is what the disk does not have yet.
type later struct {
	names map[string]int // 0 if the name goes
	text  int            // or the text of that inode
	dir   string         // the directory whose sync takes it to the disk
}

// remains is a directory with what is left of the tree before and of ops.
func remains(ops []operation, r *rand.Rand) memory {
	j := &journaled{names: map[string]int{".": 0}, texts: []string{""}}
	for name, text := range faultsBefore {
		if strings.HasSuffix(name, "/") {
			text = "/"
		}
		j.texts = append(j.texts, text)
		j.names[strings.TrimSuffix(name, "/")] = len(j.texts) - 1
	}
	safe := maps.Clone(j.names)
	for _, op := range ops {
		j.do(op, safe)
	}
	whole := map[int]bool{}
	for i := range j.texts {
		whole[i] = true
	}
	for _, l := range j.later {
		switch {
		case r.IntN(2) == 0 && l.names == nil:
			whole[l.text] = false
		case r.IntN(2) == 0:
			rename(safe, l.names)
		}
	}
	return j.build(safe, whole)
}

// do does op in memory, or in safe what it syncs.
func (j *journaled) do(op operation, safe map[string]int) {
	change := func(dir string, names map[string]int) {
		rename(j.names, names)
		j.later = append(j.later, later{names: names, dir: dir})
	}
	switch op.verb {
	case "write", "mkdir":
		if op.verb == "mkdir" {
			op.text = "/"
		}
		j.texts = append(j.texts, op.text)
		n := len(j.texts) - 1
		change(path.Dir(op.name), map[string]int{op.name: n})
		if op.verb == "write" {
			j.later = append(j.later, later{text: n})
		}
	case "link":
		change(path.Dir(op.to), map[string]int{op.to: j.names[op.name]})
	case "rename":
		change(path.Dir(op.to), map[string]int{op.to: j.names[op.name], op.name: 0})
	case "remove":
		change(path.Dir(op.name), map[string]int{op.name: 0})
	case "removeall":
		for name := range j.names {
			if name == op.name || strings.HasPrefix(name, op.name+"/") {
				change(path.Dir(name), map[string]int{name: 0})
			}
		}
	case "sync":
		j.later = slices.DeleteFunc(j.later, func(l later) bool {
			if l.names != nil && l.dir == op.name {
				rename(safe, l.names)
				return true
			}
			return l.names == nil && l.text == j.names[op.name]
		})
	}
}

// rename gives files other names, all at once.
func rename(names, to map[string]int) {
	for name, n := range to {
		if names[name] = n; n == 0 {
			delete(names, name)
		}
	}
}

// build has what can be reached by names; files that are not whole have the
// half of their text.
func (j *journaled) build(names map[string]int, whole map[int]bool) memory {
	m := memory{files: fstest.MapFS{}}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text, mode := j.texts[names[name]], fs.FileMode(0o644)
		parent := path.Dir(name)
		switch {
		case name == "." || parent != "." && m.files[parent] == nil: // its directory is lost
			continue
		case text == "/":
			text, mode = "", fs.ModeDir|0o755
		case !whole[names[name]]:
			text = text[:len(text)/2]
		}
		m.files[name] = &fstest.MapFile{Data: []byte(text), Mode: mode}
	}
	return m
}

// memory is a directory that can do what undoing takes.
type memory struct {
	directory

	files fstest.MapFS
}

func (m memory) Lstat(name string) (fs.FileInfo, error) { return m.files.Lstat(name) }
func (m memory) ReadFile(name string) ([]byte, error)   { return m.files.ReadFile(name) }
func (memory) Sync(string) error                        { return nil }

func (m memory) Rename(from, to string) error {
	if m.files[from] == nil {
		return fs.ErrNotExist
	}
	m.files[to] = m.files[from]
	delete(m.files, from)
	return nil
}

func (m memory) Remove(name string) error {
	entries, err := m.files.ReadDir(name)
	if err == nil && len(entries) > 0 {
		return fs.ErrExist
	}
	if m.files[name] == nil {
		return fs.ErrNotExist
	}
	delete(m.files, name)
	return nil
}

func (m memory) RemoveAll(name string) error {
	maps.DeleteFunc(m.files, func(have string, _ *fstest.MapFile) bool {
		return have == name || strings.HasPrefix(have, name+"/")
	})
	return nil
}
