package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Watcher = (*Watcher)(nil)

// Watcher watches the file of one service. It may be used by any number of
// goroutines, and holds no resources while no Watch runs.
type Watcher struct {
	path string
	cfg  Config

	mu      sync.Mutex       // guards the fields below
	last    []sd.Instance    // the last set, of whichever Watch
	refused map[string]error // entries of the file that cannot be used
}

// NewWatcher makes a Watcher of the file at path. It does not touch the disk;
// Watch tells what is wrong with its arguments.
func NewWatcher(path string, cfg Config) *Watcher { return &Watcher{path: path, cfg: cfg} }

// Watch reports the instances in the file and again whenever they change, until
// ctx ends. Who is taken out of it is reported Draining first. Watch returns an
// error when the file, for longer than one poll, is not there or holds no list;
// the next Watch tries again, and remembers who was there before. An entry that
// cannot be used is left out, or stays what it was before (see Refused); while
// it is not known whom one is about, nobody is taken out.
//
// A read from a network file system that hangs cannot be broken off; Watch then
// returns late.
func (w *Watcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	err := w.watch(ctx, update)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("watch file %s: %w", w.path, err)
}

func (w *Watcher) watch(ctx context.Context, update func([]sd.Instance)) error {
	poll, err := w.cfg.poll()
	if err != nil {
		return err
	}
	if w.path == "" {
		return errors.New("the path is empty: name a JSON file")
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	v, old := view{path: w.path}, w.remembered()
	for failed := false; ctx.Err() == nil; {
		l, changed, err := v.refresh()
		if err != nil && failed {
			return err
		}
		failed = err != nil // a file that is being written is fine by the next poll
		if changed {
			set := l.with(old)
			w.remember(set, l.refused)
			report(old, set, update)
			old = set
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

func (w *Watcher) remembered() []sd.Instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *Watcher) remember(set []sd.Instance, refused map[string]error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.refused = set, refused
}

// Refused returns the entries of the file that cannot be used, each with the
// reason, by ID or as "entry 7". An Instancer counts, logs and explains them.
func (w *Watcher) Refused() map[string]error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused // never changed
}

// String says what is watched.
func (w *Watcher) String() string { return "file " + w.path }

// with is the list together with those of old whom it has and cannot read. If
// nobody knows whom an entry is about, it may be about anyone who is missing.
func (l list) with(old []sd.Instance) []sd.Instance {
	there := make(map[string]bool, len(l.set))
	for i := range l.set {
		there[keyOf(&l.set[i])] = true
	}
	set := l.set
	for _, in := range old {
		key := keyOf(&in)
		if _, unread := l.refused[key]; unread || l.anonymous && !there[key] {
			set = append(set, in)
		}
	}
	return set
}

// report updates with set, and before that with those of old whom it lacks.
func report(old, set []sd.Instance, update func([]sd.Instance)) {
	there := make(map[string]bool, len(set))
	for i := range set {
		there[keyOf(&set[i])] = true
	}
	both := slices.Clone(set)
	for _, in := range old {
		if !there[keyOf(&in)] {
			in.State = sd.Draining
			both = append(both, in)
		}
	}
	if len(both) > len(set) {
		update(both)
	}
	update(set)
}

func keyOf(in *sd.Instance) string { return cmp.Or(in.ID, in.Addr) }

// view is what one Watch knows of the file.
type view struct {
	path string
	seen glance
	text []byte // that was reported
	told bool   // something was
}

// refresh reads the file if it may have changed, and returns what it lists if
// that is news.
func (v *view) refresh() (l list, changed bool, err error) {
	now, err := look(v.path)
	if err != nil || v.seen.same(now) {
		return list{}, false, err
	}
	text, seen, err := read(v.path)
	if err != nil {
		return list{}, false, err
	}
	if v.told && slices.Equal(text, v.text) {
		v.seen = seen
		return list{}, false, nil
	}
	if l, err = decode(text); err != nil {
		return list{}, false, err
	}
	v.seen, v.text, v.told = seen, text, true
	return l, true, nil
}
