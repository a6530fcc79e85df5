package lb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kitgen/kitgen/sd"
)

// registry is a Watcher with all that one may have.
type registry struct {
	lists       chan []sd.Instance
	unreachable []string
}

func (r *registry) Watch(ctx context.Context, update func([]sd.Instance)) error {
	for {
		select {
		case list := <-r.lists:
			update(list)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

var errUnreadable = errors.New("unreadable")

func (r *registry) Refused() map[string]error { return map[string]error{"x": errUnreadable} }
func (r *registry) Unreachable(id string)     { r.unreachable = append(r.unreachable, id) }
func (r *registry) String() string            { return "the registry" }

// A pool over it connects to nobody but the members, and these are those of
// Subset.
func TestSubsetWatcher(t *testing.T) {
	for name, cfg := range map[string]SubsetConfig{"named": {Client: "me", Size: 5}, "numbered": {Number: 7, Size: 5}} {
		bubble(t, func(t *testing.T) {
			all, f, r := instances(100), new(fleet), &registry{lists: make(chan []sd.Instance)}
			for i := range all {
				all[i].Addr = fmt.Sprintf("10.0.0.%d:80", i)
			}
			w, err := SubsetWatcher(r, cfg)
			if err != nil {
				t.Fatal(err)
			}
			src := sd.NewInstancer(w, sd.InstancerConfig{Protection: sd.Off})
			defer src.Stop()
			p := start(t, src, f, PoolConfig{})
			r.lists <- all
			synctest.Wait()
			whole := start(t, newSource(all...), new(fleet), PoolConfig{})
			view, err := Subset(whole, cfg)
			if err != nil {
				t.Fatal(err)
			}
			before := ids(p.snap.Load())
			if name == "named" && !slices.Equal(before, ids(view.current())) {
				t.Errorf("before the pool %v, after it %v", before, ids(view.current()))
			}
			if len(before) != 5 || len(f.made) != 5 {
				t.Errorf("%s: %d members, %d were connected, want 5", name, len(before), len(f.made))
			}

			changed := slices.Clone(all)
			for i := range changed {
				if changed[i].ID == before[0] {
					changed[i].State = sd.Draining
				}
			}
			r.lists <- changed
			synctest.Wait()
			now := ids(p.snap.Load())
			if len(now) != 5 || lost(before, now) != 1 || slices.Contains(now, before[0]) {
				t.Errorf("%s: while %s drains, %v became %v", name, before[0], before, now)
			}
			if all := p.Nodes(); len(all) != 6 {
				t.Errorf("%s: %d are known while one drains, want 6", name, len(all))
			}
		})
	}
}

func TestSubsetWatcherPassesOn(t *testing.T) {
	r := new(registry)
	w, err := SubsetWatcher(r, SubsetConfig{Client: "me"})
	if err != nil {
		t.Fatal(err)
	}
	s := w.(*subsetWatcher)
	s.Unreachable("a")
	if !slices.Equal(r.unreachable, []string{"a"}) || !errors.Is(s.Refused()["x"], errUnreadable) || fmt.Sprint(w) != "a part of the registry" {
		t.Errorf("unreachable %v, refused %v, %v", r.unreachable, s.Refused(), w)
	}
	plain, err := SubsetWatcher(sd.Fixed{}, SubsetConfig{Client: "me"})
	if err != nil {
		t.Fatal(err)
	}
	s = plain.(*subsetWatcher)
	s.Unreachable("a")
	if s.Refused() != nil || fmt.Sprint(s) != "a part of sd.Fixed" {
		t.Errorf("refused %v, %v", s.Refused(), s)
	}
	for want, err := range map[string]error{
		"nobody to watch":           second(SubsetWatcher(nil, SubsetConfig{Client: "me"})),
		"neither Client nor Number": second(SubsetWatcher(sd.Fixed{}, SubsetConfig{})),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func second(_ sd.Watcher, err error) error { return err }
