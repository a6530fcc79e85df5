package file

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// inFolder runs f in a bubble with a folder of its own. Time stands still while
// anything reads or writes, so that each test is the same each time.
func inFolder(t *testing.T, f func(t *testing.T, path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "addsvc.json")
	synctest.Test(t, func(t *testing.T) { f(t, path) })
}

// put writes in place, and dates the file by the bubble's clock.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	date(t, path)
}

func date(t *testing.T, path string) {
	t.Helper()
	if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// poll waits until a Watch has looked once more, and reacted.
func poll() {
	time.Sleep(500 * time.Millisecond)
	synctest.Wait()
}

// watching is a Watch under way.
type watching struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done

	mu   sync.Mutex // guards the field below
	sets []string
}

// watch starts w, which its caller or the test's end ends.
func watch(t *testing.T, w *Watcher) *watching {
	ctx, cancel := context.WithCancel(t.Context())
	x := &watching{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(x.done)
		x.err = w.Watch(ctx, x.update)
	}()
	t.Cleanup(func() {
		cancel()
		<-x.done
	})
	synctest.Wait()
	return x
}

func (x *watching) update(set []sd.Instance) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sets = append(x.sets, brief(set))
}

// tells checks what was reported since it was last asked.
func (x *watching) tells(t *testing.T, want ...string) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !slices.Equal(x.sets, want) {
		t.Errorf("the watch told %q, want %q", x.sets, want)
	}
	x.sets = nil
}

// fails waits for Watch to return an error that says want.
func (x *watching) fails(t *testing.T, want string) {
	t.Helper()
	<-x.done
	if x.err == nil || !strings.Contains(x.err.Error(), want) {
		t.Errorf("Watch returned %v, want %q", x.err, want)
	}
}

// brief is a set in one line.
func brief(set []sd.Instance) string {
	var list []string
	for _, in := range set {
		name := cmp.Or(in.ID, in.Addr)
		if in.State != sd.Up {
			name += fmt.Sprintf("(%s)", in.State)
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
