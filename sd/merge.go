package sd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// errNoSource is what is wrong with a Merge of nobody.
var errNoSource = errors.New("sd.Merge has no source: pass the Instancers whose sets should be one")

// Merge is a Watcher of everybody whom any of sources knows: a service that is
// moving from one registry to another, or lives in two. An instance that has
// the same ID in several is one; it is Draining as soon as one of them says so.
// While any source is Fresh the merged set is; what a stale one knew stays in
// it. Each source protects its own set, so give the merged Instancer
// Protection: Off, or what one source has come to believe is held again:
//
//	both := sd.NewInstancer(sd.Merge(old, new), sd.InstancerConfig{Protection: sd.Off})
//
// Stop the merged Instancer before its sources; it does not stop them. It tells
// them of instances that cannot be reached.
func Merge(sources ...Source) Watcher { return merged(sources) }

type merged []Source

// Watch never fails while one source answers.
func (m merged) Watch(ctx context.Context, update func([]Instance)) error {
	if len(m) == 0 {
		return errNoSource
	}
	for told := false; ; {
		snaps, changed := m.look()
		fresh, known, stale := 0, 0, []error{}
		for _, s := range snaps {
			switch s.Source() {
			case Fresh:
				fresh++
			case Starting:
				continue
			case Stale, Restored:
				stale = append(stale, s.Err)
			}
			known++
		}
		switch {
		case fresh > 0:
			update(union(snaps))
			told = true
		case told && known > 0:
			return fmt.Errorf("no source answers: %w", errors.Join(stale...))
		}
		if !waitAny(ctx, changed) {
			return context.Cause(ctx)
		}
	}
}

// Unreachable passes on what callers found out.
func (m merged) Unreachable(id string) {
	for _, s := range m {
		if s, ok := s.(interface{ Unreachable(id string) }); ok {
			s.Unreachable(id)
		}
	}
}

// String names what the sources watch.
func (m merged) String() string { return fmt.Sprintf("%d merged sources", len(m)) }

func (m merged) look() (snaps []Snapshot, changed []<-chan struct{}) {
	for _, s := range m {
		snap, newer := s.Snapshot()
		snaps, changed = append(snaps, snap), append(changed, newer)
	}
	return snaps, changed
}

// union has one entry per ID: of the first source that knows it, with the state
// of the one that knows it to leave.
func union(snaps []Snapshot) []Instance {
	var all []Instance
	at := map[string]int{}
	for _, s := range snaps {
		for _, in := range s.Instances {
			i, have := at[in.ID]
			if !have {
				at[in.ID] = len(all)
				all = append(all, in)
			} else if in.State == Draining {
				all[i].State = Draining
			}
		}
	}
	slices.SortFunc(all, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// waitAny returns true once one of the channels is closed, false once ctx ends.
func waitAny(ctx context.Context, channels []<-chan struct{}) bool {
	cases := []reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())}}
	for _, ch := range channels {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch)})
	}
	chosen, _, _ := reflect.Select(cases)
	return chosen > 0
}
