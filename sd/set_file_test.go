package sd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
)

// named is a Watcher that says what it watches.
type named struct {
	Watcher
	name string
}

func (n named) String() string { return n.name }

func aFile(t *testing.T) *setFile {
	t.Helper()
	return newSetFile(named{name: "here"}, InstancerConfig{SnapshotFile: filepath.Join(t.TempDir(), "svc.json"), Logger: log.NewNopLogger()})
}

func TestSnapshotFileComesBack(t *testing.T) {
	f, now := aFile(t), time.Now()
	set := []Instance{
		{ID: "a", Addr: "10.0.0.1:80", Weight: 3, Zone: "z<1>", Version: "v", Tags: []string{"x"}, Meta: map[string]string{"grpc": "10.0.0.1:81"}},
		{ID: "b", Addr: "10.0.0.2:80", State: Warning},
	}
	for range 2 { // the second replaces the first
		if err := f.save(set, now); err != nil {
			t.Fatal(err)
		}
	}
	r, err := f.read(now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set, r.Instances); diff != "" || !r.SavedAt.Equal(now) {
		t.Errorf("saved at %s (-want +got):\n%s", r.SavedAt, diff)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(f.path), "*"))
	hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(f.path), ".*"))
	if len(left)+len(hidden) != 1 {
		t.Errorf("left %q %q behind", left, hidden)
	}
	if info, _ := os.Stat(f.path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestSnapshotFileThatCannotBeTrusted(t *testing.T) {
	now := time.Now()
	edit := func(old, now string) func(*testing.T, *setFile) {
		return func(t *testing.T, f *setFile) {
			b, err := os.ReadFile(f.path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("no %s in %s", old, b)
			}
			if err := os.WriteFile(f.path, bytes.Replace(b, []byte(old), []byte(now), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		spoil func(*testing.T, *setFile)
		want  string
	}{
		"another address":   {edit("10.0.0.1", "10.0.0.2"), "checksum"},
		"another schema":    {edit(`"schema":1`, `"schema":2`), "schema 2"},
		"another service":   {edit(`"here"`, `"there"`), `is of "there", not of "here"`},
		"unknown key":       {edit(`"schema"`, `"more":1,"schema"`), "unknown field"},
		"goes on":           {edit("\n", "{}"), "goes on"},
		"null":              {func(_ *testing.T, f *setFile) { must(os.WriteFile(f.path, []byte("null"), 0o600)) }, "schema 0"},
		"no JSON":           {func(_ *testing.T, f *setFile) { must(os.WriteFile(f.path, []byte("[[[["), 0o600)) }, "damaged"},
		"cut":               {func(_ *testing.T, f *setFile) { must(os.Truncate(f.path, 60)) }, "damaged"},
		"empty":             {func(_ *testing.T, f *setFile) { must(os.Truncate(f.path, 0)) }, "damaged"},
		"huge":              {func(_ *testing.T, f *setFile) { must(os.Truncate(f.path, maxSnapshot+1)) }, "more than 16777216 bytes"},
		"old":               {func(_ *testing.T, f *setFile) { must(f.save(nil, now.Add(-25*time.Hour))) }, "25h0m0s old"},
		"from the future":   {func(_ *testing.T, f *setFile) { must(f.save(nil, now.Add(time.Hour))) }, "future"},
		"a poisoned member": {func(_ *testing.T, f *setFile) { must(f.save([]Instance{{ID: "x", Addr: "0.0.0.0:80"}}, now)) }, "0.0.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			f := aFile(t)
			if err := f.save([]Instance{{ID: "a", Addr: "10.0.0.1:80"}}, now); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, f)
			if r, err := f.read(now); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v; want an error with %q", r, err, tt.want)
			}
			var said bytes.Buffer
			if _, ok := f.load(log.NewLogfmtLogger(&said)); ok || !strings.Contains(said.String(), "snapshot ignored") {
				t.Errorf("load: %v; logged %q", ok, said.String())
			}
		})
	}
}

func TestNoSnapshotFileIsNoError(t *testing.T) {
	var said bytes.Buffer
	if _, ok := aFile(t).load(log.NewLogfmtLogger(&said)); ok || said.Len() > 0 {
		t.Errorf("load: %v; logged %q", ok, said.String())
	}
}

func TestSnapshotFileIsNotWrittenWhereItCannotBe(t *testing.T) {
	f := aFile(t)
	f.path = filepath.Join(f.path, "nowhere")
	if err := f.save(nil, time.Now()); err == nil {
		t.Error("no error")
	}
}

// away is a registry that does not answer until it is told what.
type away struct{ answer chan []Instance }

func (a away) Watch(ctx context.Context, update func([]Instance)) error {
	for {
		select {
		case set := <-a.answer:
			update(set)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (away) String() string { return "here" }

func TestStartFromTheSnapshot(t *testing.T) {
	a, b, c := Instance{ID: "a", Addr: "10.0.0.1:80"}, Instance{ID: "b", Addr: "10.0.0.2:80"}, Instance{ID: "c", Addr: "10.0.0.3:80"}
	for name, tt := range map[string]struct {
		first []Instance // that the registry answers
		want  []Instance
		held  int
	}{
		"replaced as a whole":    {[]Instance{c}, []Instance{c}, 0},
		"nobody is not believed": {nil, []Instance{a, b}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := aFile(t)
			synctest.Test(t, func(t *testing.T) {
				if err := f.save([]Instance{a, b}, time.Now()); err != nil {
					t.Fatal(err)
				}
				w := away{make(chan []Instance)}
				i := NewInstancer(w, InstancerConfig{SnapshotFile: f.path})
				defer i.Stop()
				time.Sleep(snapshotAfter - time.Nanosecond)
				synctest.Wait()
				if s, _ := i.Snapshot(); s.Source() != Starting || len(s.Instances) > 0 {
					t.Errorf("before its time: %+v", s)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				s, _ := i.Snapshot()
				if s.Source() != Restored || !cmp.Equal(s.Instances, []Instance{a, b}) {
					t.Errorf("without an answer: %+v", s)
				}
				if st := i.Stats(); st.Source != Restored || st.Age < 3*time.Second-2 || st.Instances != 2 {
					t.Errorf("stats: %+v", st)
				}
				w.answer <- tt.first
				time.Sleep(time.Second)
				synctest.Wait()
				if s, _ = i.Snapshot(); s.Source() != Fresh || !cmp.Equal(s.Instances, tt.want) || s.Held != tt.held {
					t.Errorf("after the answer: %+v", s)
				}
			})
		})
	}
}

func TestEmptyFirstAnswerReadsTheSnapshot(t *testing.T) {
	f := aFile(t)
	synctest.Test(t, func(t *testing.T) {
		if err := f.save([]Instance{{ID: "a", Addr: "10.0.0.1:80"}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		i := NewInstancer(named{Fixed{}, "here"}, InstancerConfig{SnapshotFile: f.path})
		defer i.Stop()
		synctest.Wait()
		if s, _ := i.Snapshot(); s.Held != 1 {
			t.Errorf("knows %+v", s)
		}
		off := NewInstancer(named{Fixed{}, "here"}, InstancerConfig{SnapshotFile: f.path, Protection: Off})
		defer off.Stop()
		synctest.Wait()
		if s, _ := off.Snapshot(); !s.Synced || len(s.Instances) > 0 {
			t.Errorf("without protection knows %+v", s)
		}
	})
}

func TestRestoredInstanceThatCannotBeReached(t *testing.T) {
	f := aFile(t)
	synctest.Test(t, func(t *testing.T) {
		if err := f.save([]Instance{{ID: "a", Addr: "10.0.0.1:80"}, {ID: "b", Addr: "10.0.0.2:80"}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		i := NewInstancer(away{}, InstancerConfig{SnapshotFile: f.path})
		defer i.Stop()
		time.Sleep(3 * time.Second)
		i.Unreachable("a")
		synctest.Wait()
		if s, _ := i.Snapshot(); len(s.Instances) != 1 || s.Instances[0].ID != "b" {
			t.Errorf("knows %+v", s)
		}
	})
}

func TestSnapshotIsWrittenAMomentAfterAChange(t *testing.T) {
	f := aFile(t)
	synctest.Test(t, func(t *testing.T) {
		has := func(line string) bool {
			r, err := f.read(time.Now())
			return err == nil && cmp.Equal(r.Instances, set(line))
		}
		w := away{make(chan []Instance)}
		i := NewInstancer(w, InstancerConfig{SnapshotFile: f.path})
		w.answer <- set("a b")
		time.Sleep(snapshotPause / 2)
		synctest.Wait()
		if _, err := os.Stat(f.path); err == nil {
			t.Error("written at once, though more may follow")
		}
		time.Sleep(snapshotPause)
		synctest.Wait()
		if !has("a b") {
			t.Error("not written")
		}
		for n := range 100 { // it changes all the time
			w.answer <- set([]string{"a b c", "a b c d~"}[n%2])
			time.Sleep(snapshotPause / 4)
		}
		synctest.Wait()
		if !has("a b c") && !has("a b c d~") {
			t.Error("not written while the service changes all the time")
		}
		w.answer <- set("a b c e")
		synctest.Wait()
		i.Stop() // writes what is new
		if !has("a b c e") {
			t.Error("not written at the end")
		}
	})
}

func TestStateAsText(t *testing.T) {
	for s := Up; s <= Critical; s++ {
		text, err := s.MarshalText()
		var back State
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("%s comes back as %s", s, back)
		}
	}
	var s State
	if err := s.UnmarshalText([]byte("gone")); err == nil || !strings.Contains(err.Error(), `"gone" is unknown: write up`) {
		t.Errorf("got %v", err)
	}
	s = Critical
	if err := s.UnmarshalText(nil); err != nil || s != Up {
		t.Errorf("nothing is %s, %v", s, err)
	}
}

func FuzzSnapshotFile(f *testing.F) {
	const body = `[{"id":"a","addr":"10.0.0.1:80","tags":["t"],"meta":{"k":"v"},"state":"warning"}]`
	good := `{"schema":1,"source":"s","saved_at":"2030-01-01T00:00:00Z","sha256":"` + sumOf([]byte(body)) + `","instances":` + body + `}`
	for _, seed := range []string{good, "null", "[]", "{}", "{", `{"schema":1,"schema":1}`, strings.Repeat("[", 10000), good + "{}", `{"schema":1,"instances":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(b)
		if err != nil {
			return
		}
		for _, in := range r.Instances {
			if err := in.Validate(); err != nil {
				t.Errorf("accepted %+v: %v", in, err)
			}
		}
	})
}
