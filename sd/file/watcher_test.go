package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
)

func TestWatchFollowsTheFile(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1"]`)
		w := watch(t, NewWatcher(path, Config{}))
		w.tells(t, "a:1")
		poll()
		w.tells(t) // nothing new
		put(t, path, `["a:1","b:1"]`)
		poll()
		w.tells(t, "a:1 b:1")
		put(t, path, `[ "b:1", {"addr": "a:1", "weight": 5} ]`)
		poll()
		w.tells(t, "a:1 b:1")
		if err := Write(path, []sd.Instance{{Addr: "a:1"}, {Addr: "b:1"}, {Addr: "c:1"}}); err != nil {
			t.Fatal(err)
		}
		poll()
		w.tells(t, "a:1 b:1 c:1")
		time.Sleep(time.Hour)
		w.tells(t)
	})
}

// TestWhoIsTakenOutLeaves: the Instancer believes it at once, even of most, and
// of all.
func TestWhoIsTakenOutLeaves(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1","b:1","c:1","d:1"]`)
		watcher := NewWatcher(path, Config{})
		i := sd.NewInstancer(watcher, sd.InstancerConfig{})
		t.Cleanup(i.Stop)
		w := watch(t, watcher)
		w.tells(t, "a:1 b:1 c:1 d:1")
		for _, step := range []struct {
			text string
			told []string
		}{
			{`["a:1"]`, []string{"a:1 b:1(draining) c:1(draining) d:1(draining)", "a:1"}},
			{`[]`, []string{"a:1(draining)", ""}},
			{`["a:1"]`, []string{"a:1"}},
		} {
			put(t, path, step.text)
			poll()
			w.tells(t, step.told...)
			s, _ := i.Snapshot()
			if got := brief(s.Instances); got != step.told[len(step.told)-1] || s.Held != 0 || s.Err != nil {
				t.Errorf("after %s the Instancer knows %q, %d held, error %v", step.text, got, s.Held, s.Err)
			}
		}
	})
}

// A bad entry is somebody's, and the others' entries count.
func TestABadEntryRemovesNobody(t *testing.T) {
	for name, step := range map[string]struct{ then, knows, refused string }{
		"an ID that is known":    {`["a:1",{"addr":"b:1","wieght":2},"d:1"]`, "a:1 b:1 d:1", "b:1"},
		"an ID that is new":      {`["a:1","b:1",{"addr":"d:1","weight":"2"}]`, "a:1 b:1", "d:1"},
		"no telling whose":       {`["a:1",{"adr":"b:1"},"d:1"]`, "a:1 b:1 c:1 d:1", "entry 2"},
		"the same twice":         {`["a:1","a:1"]`, "a:1", "entry 2"},
		"a bad one, others gone": {`[{"addr":"b:1","state":"UP"}]`, "b:1", "b:1"},
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t, func(t *testing.T, path string) {
				put(t, path, `["a:1","b:1","c:1"]`)
				w := NewWatcher(path, Config{})
				i := sd.NewInstancer(w, sd.InstancerConfig{})
				defer i.Stop()
				poll()
				put(t, path, step.then)
				time.Sleep(time.Minute)
				s, _ := i.Snapshot()
				if brief(s.Instances) != step.knows || s.Err != nil || w.Refused()[step.refused] == nil {
					t.Errorf("knows %q, error %v, refused %v; want %q without %s", brief(s.Instances), s.Err, w.Refused(), step.knows, step.refused)
				}
			})
		})
	}
}

// TestFaultsRemoveNobody: whatever happens to the file, those who were known
// stay, the error can be seen, and it ends with the fault.
func TestFaultsRemoveNobody(t *testing.T) {
	for name, fault := range map[string]struct {
		do   func(t *testing.T, path string)
		says string
	}{
		"half written": {func(t *testing.T, path string) { put(t, path, `["a:1","b`) }, "line 1: it is no JSON, or half of one"},
		"emptied":      {func(t *testing.T, path string) { put(t, path, "") }, "it is empty"},
		"deleted":      {remove, "no such file"},
		"huge": {func(t *testing.T, path string) {
			if err := os.Truncate(path, maxFile+1); err != nil {
				t.Fatal(err)
			}
		}, "at most 16777216 are read"},
		"a folder": {func(t *testing.T, path string) {
			remove(t, path)
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Remove(path) })
		}, "it is a folder"},
		"a dangling link": {func(t *testing.T, path string) {
			remove(t, path)
			link(t, path+".none", path)
		}, "no such file"},
		"a link to itself": {func(t *testing.T, path string) {
			remove(t, path)
			link(t, path, path)
		}, "too many levels"},
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t, func(t *testing.T, path string) {
				put(t, path, `["a:1","b:1"]`)
				i := sd.NewInstancer(NewWatcher(path, Config{}), sd.InstancerConfig{})
				defer i.Stop()
				poll()
				fault.do(t, path)
				time.Sleep(time.Minute)
				s, _ := i.Snapshot()
				if brief(s.Instances) != "a:1 b:1" || s.Err == nil || !strings.Contains(s.Err.Error(), path) || !strings.Contains(s.Err.Error(), fault.says) {
					t.Errorf("knows %q, error %v; want %q", brief(s.Instances), s.Err, fault.says)
				}
				remove(t, path)
				put(t, path, `["b:1","c:1"]`)
				time.Sleep(10 * time.Second)
				if s, _ = i.Snapshot(); brief(s.Instances) != "b:1 c:1" || s.Err != nil {
					t.Errorf("once it was mended, knows %q, error %v", brief(s.Instances), s.Err)
				}
			})
		})
	}
}

// TestOneBadLookIsForgiven: whoever writes in place is not an error every time.
func TestOneBadLookIsForgiven(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1"]`)
		w := watch(t, NewWatcher(path, Config{}))
		w.tells(t, "a:1")
		for range 3 {
			put(t, path, `["a:1",`)
			poll()
			put(t, path, `["a:1"]`)
			poll()
		}
		w.tells(t)
		put(t, path, `["a:1",`)
		poll()
		poll()
		w.fails(t, "half of one")
	})
}

// TestANewWatchRemembers: who was taken out while the file could not be read
// has left, too.
func TestANewWatchRemembers(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		watcher := NewWatcher(path, Config{})
		put(t, path, `["a:1","b:1"]`)
		w := watch(t, watcher)
		w.cancel()
		w.fails(t, "canceled")
		put(t, path, `["b:1"]`)
		watch(t, watcher).tells(t, "a:1(draining) b:1", "b:1")
		watch(t, watcher).tells(t, "b:1")
	})
}

// TestSwappedLinks is how Kubernetes updates a ConfigMap: the file is a link
// through a folder that is a link, and that is replaced.
func TestSwappedLinks(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		folder := filepath.Dir(path)
		swap := func(version, text string) {
			if err := os.Mkdir(filepath.Join(folder, version), 0o700); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(folder, version, "addsvc.json"), text)
			link(t, version, filepath.Join(folder, "..data_tmp"))
			if err := os.Rename(filepath.Join(folder, "..data_tmp"), filepath.Join(folder, "..data")); err != nil {
				t.Fatal(err)
			}
		}
		swap("..1", `["a:1"]`)
		link(t, "..data/addsvc.json", path)
		w := watch(t, NewWatcher(path, Config{}))
		w.tells(t, "a:1")
		time.Sleep(time.Minute)
		swap("..2", `["a:1","b:1"]`)
		poll()
		w.tells(t, "a:1 b:1")
		if err := os.RemoveAll(filepath.Join(folder, "..1")); err != nil {
			t.Fatal(err)
		}
		poll()
		w.tells(t)
	})
}

// TestSameSizeSameTime: clocks of file systems are coarse, so a file that was
// just written is read again although it looks the same.
func TestSameSizeSameTime(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1"]`)
		then := time.Now()
		w := watch(t, NewWatcher(path, Config{}))
		w.tells(t, "a:1")
		if err := os.WriteFile(path, []byte(`["b:1"]`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		poll()
		w.tells(t, "a:1(draining) b:1", "b:1")
	})
}

// TestAnotherFileOfTheSameSizeAndTime is what cp -p and mv leave behind.
func TestAnotherFileOfTheSameSizeAndTime(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1"]`)
		put(t, path+".new", `["b:1"]`)
		time.Sleep(time.Minute)
		w := watch(t, NewWatcher(path, Config{}))
		w.tells(t, "a:1")
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		poll()
		w.tells(t, "a:1(draining) b:1", "b:1")
	})
}

// TestAFileAtRestIsNotRead: a glance is all it costs.
func TestAFileAtRestIsNotRead(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1"]`)
		v := view{path: path}
		if _, changed, err := v.refresh(); !changed || err != nil {
			t.Fatal(changed, err)
		}
		time.Sleep(3 * coarse)
		if _, changed, err := v.refresh(); changed || err != nil {
			t.Fatal(changed, err)
		}
		if now, err := look(path); err != nil || !v.seen.same(now) {
			t.Errorf("the file is read again after %s: %v", 3*coarse, err)
		}
	})
}

func TestBadArguments(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		put(t, path, `["a:1"]`)
		for _, c := range []struct {
			path string
			cfg  Config
			want string
		}{
			{"", Config{}, "the path is empty"},
			{path, Config{Poll: -1}, "poll is -1ns: at least 10ms"},
			{path, Config{Poll: time.Microsecond}, "poll is 1µs"},
			{path + "\x00", Config{}, "invalid argument"},
			{filepath.Join(path, "x"), Config{}, "not a directory"},
		} {
			watch(t, NewWatcher(c.path, c.cfg)).fails(t, c.want)
		}
	})
}

func TestWatchWithADeadContext(t *testing.T) {
	inFolder(t, func(t *testing.T, path string) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("enough")
		cancel(reason)
		if err := NewWatcher(path, Config{}).Watch(ctx, func([]sd.Instance) {}); !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
	})
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}
