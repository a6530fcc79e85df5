package timeline

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// briefly is a pace for tests.
func briefly() pace {
	return pace{warm: 200 * time.Millisecond, lead: 50 * time.Millisecond, outage: 500 * time.Millisecond, propagation: 100 * time.Millisecond}
}

// TestScenes plays every scene against a real etcd. What no scene may have is
// a call that failed.
func TestScenes(t *testing.T) {
	t.Parallel()
	marks := map[string][]string{
		"joining": {"process starts", "ready", "registered", "first call"},
		"leaving": {"SIGTERM", "draining", "deregistered", "last call", "exit"},
		"outage":  {"etcd killed", "lease would have ended", "etcd back, empty", "all registered again"},
	}
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			rec, err := sc.run(ctx, briefly())
			if err != nil {
				t.Fatal(err)
			}
			calls, failed := rec.counts()
			if calls == 0 || failed > 0 {
				t.Errorf("%d calls, %d failed", calls, failed)
			}
			for _, c := range rec.Calls { // those that are not drawn too
				if c.Failed {
					t.Errorf("a call failed %s after the first mark", c.At.Sub(rec.Zero))
				}
			}
			for _, want := range marks[sc.name] {
				if !slices.ContainsFunc(rec.Marks, func(m Mark) bool { return m.Label == want }) {
					t.Errorf("no mark %q", want)
				}
			}
			if len(rec.Lanes) != 3 {
				t.Fatalf("%d lanes", len(rec.Lanes))
			}
			for _, l := range rec.Lanes {
				if len(l.Attempts) == 0 {
					t.Errorf("%s was never called", l.ID)
				}
			}
			checkPicture(t, rec)
		})
	}
}

// TestLeavingIsInOrder looks at the tracks of the one that leaves.
func TestLeavingIsInOrder(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	rec, err := scenes()[1].run(ctx, briefly())
	if err != nil {
		t.Fatal(err)
	}
	l := rec.Lanes[2]
	if got := statesOf(l.Listed); got != "up draining gone" {
		t.Errorf("etcd listed it: %s", got)
	}
	// Callers may learn of both at once.
	if got := statesOf(l.Known); got != "up draining gone" && got != "up gone" {
		t.Errorf("callers knew it: %s", got)
	}
	for _, other := range rec.Lanes[:2] {
		if got := statesOf(other.Known); got != "up" {
			t.Errorf("callers knew %s: %s", other.ID, got)
		}
	}
}

// TestOutageLosesNobody looks at what callers knew.
func TestOutageLosesNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	rec, err := scenes()[2].run(ctx, briefly())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range rec.Lanes {
		if got := statesOf(l.Listed); !strings.HasPrefix(got, "up gone up") {
			t.Errorf("etcd listed %s: %s", l.ID, got)
		}
		for _, c := range l.Known {
			if c.State == none || c.State == draining {
				t.Errorf("callers knew %s: %s", l.ID, statesOf(l.Known))
			}
		}
	}
	if got := statesOf(rec.Registry); got != "up down up" {
		t.Errorf("etcd was %s", got)
	}
}

func statesOf(t Track) string {
	var names []string
	for _, c := range t {
		if c.State == none {
			c.State = "gone"
		}
		names = append(names, c.State)
	}
	return strings.Join(names, " ")
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	if err := Draw(t.Context(), "nowhere", io.Discard); err == nil || !strings.Contains(err.Error(), "nowhere: not a folder") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := Instance(t.Context(), []string{"-target", "etcd://"}, strings.NewReader(""), io.Discard); err == nil {
		t.Error("a target without a host was taken")
	}
}

// TestASceneThatFailsLeavesNothingBehind relies on goleak in TestMain.
func TestASceneThatFailsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	sc := scene{"failing", "", "", func(ctx context.Context, s *stage) error {
		err := s.setUp(ctx, 1)
		cancel()
		return err
	}}
	if _, err := sc.run(ctx, briefly()); err == nil {
		t.Error("a scene whose context ended was drawn")
	}
}
