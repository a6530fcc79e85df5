package dns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
)

var errFault = errors.New("SERVFAIL")

// look is what one question finds.
type look struct {
	set     string // addresses
	ttl     time.Duration
	decided bool
	err     error
}

// script answers with each look in turn, and then with the last, and notes when
// it was asked.
type script struct {
	start time.Time
	looks []look
	at    []time.Duration
}

func (s *script) next(context.Context) (finding, error) {
	s.at = append(s.at, time.Since(s.start))
	l := s.looks[min(len(s.at), len(s.looks))-1]
	f := finding{ttl: l.ttl, decided: l.decided}
	for addr := range strings.FieldsSeq(l.set) {
		f.set = append(f.set, sd.Instance{Addr: addr, Weight: 1})
	}
	return f, l.err
}

// follow lets a new Watcher follow looks for so long, in a bubble, and returns
// what it reported and how it ended.
func follow(t *testing.T, during time.Duration, looks ...look) (sets []string, s *script, err error) {
	t.Helper()
	s = &script{start: time.Now(), looks: looks}
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	err = new(Watcher).follow(ctx, schedule{time.Second, 30 * time.Second}, s.next, func(set []sd.Instance) {
		sets = append(sets, brief(set))
	})
	return sets, s, err
}

func TestFollow(t *testing.T) {
	long := 20 * time.Second
	for name, c := range map[string]struct {
		looks []look
		want  []string
		err   error
	}{
		"change":                {[]look{{set: "a:1"}, {set: "a:1 b:1"}, {set: "b:1"}}, []string{"a:1", "a:1 b:1", "b:1"}, nil},
		"the same, shuffled":    {[]look{{set: "a:1 b:1"}, {set: "b:1 a:1"}}, []string{"a:1 b:1"}, nil},
		"error":                 {[]look{{set: "a:1"}, {err: errFault}}, []string{"a:1"}, errFault},
		"error at first":        {[]look{{err: errFault}}, nil, errFault},
		"nobody, twice":         {[]look{{}}, []string{""}, nil},
		"nobody, once":          {[]look{{}, {set: "a:1"}}, []string{"a:1"}, nil},
		"nobody, then error":    {[]look{{}, {err: errFault}}, nil, errFault},
		"gone, once":            {[]look{{set: "a:1"}, {}, {set: "a:1"}}, []string{"a:1"}, nil},
		"gone, twice":           {[]look{{set: "a:1"}, {}}, []string{"a:1", ""}, nil},
		"gone, then error":      {[]look{{set: "a:1"}, {}, {err: errFault}}, []string{"a:1"}, errFault},
		"gone for good":         {[]look{{set: "a:1 b:1"}, {decided: true}}, []string{"a:1 b:1", "a:1(draining) b:1(draining)", ""}, nil},
		"forgotten, then gone":  {[]look{{set: "a:1"}, {}, {}, {decided: true}}, []string{"a:1", "", "a:1(draining)", ""}, nil},
		"never there":           {[]look{{decided: true}}, []string{""}, nil},
		"gone and back":         {[]look{{set: "a:1"}, {decided: true}, {set: "a:1"}}, []string{"a:1", "a:1(draining)", "", "a:1"}, nil},
		"unusable is nobody":    {[]look{{set: "a:0"}, {set: "a:1"}}, []string{"a:1"}, nil},
		"unusable is told, too": {[]look{{set: "a:0 b:1"}}, []string{"a:0 b:1"}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			sets, _, err := follow(t, long, c.looks...)
			if !slices.Equal(sets, c.want) || c.err != nil && !errors.Is(err, c.err) || c.err == nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: told %q, ended by %v; want %q, %v", name, sets, err, c.want, c.err)
			}
		})
	}
}

// TestTTL: names are asked for again when their TTL ends, within the bounds,
// and not all at the same moment.
func TestTTL(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		0:                      time.Second,
		500 * time.Millisecond: time.Second,
		7 * time.Second:        7 * time.Second,
		24 * time.Hour:         30 * time.Second,
		forever:                30 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, s, _ := follow(t, time.Hour, look{set: "a:1", ttl: ttl})
			odd := map[time.Duration]bool{}
			for i := 1; i < len(s.at); i++ {
				wait := s.at[i] - s.at[i-1]
				if wait < want || wait > want+want/10 {
					t.Errorf("TTL %s: looked again after %s", ttl, wait)
				}
				odd[wait] = true
			}
			if len(s.at) < 100 || len(odd) < 50 {
				t.Errorf("TTL %s: %d looks in an hour, with %d different waits", ttl, len(s.at), len(odd))
			}
		})
	}
}

// TestNobodyIsAskedTwiceOnce: that nobody is there is doubted when it is news.
func TestNobodyIsAskedTwiceOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s, _ := follow(t, 85*time.Second, look{ttl: 30 * time.Second})
		if len(s.at) != 4 || s.at[1] > 2*time.Second {
			t.Errorf("looked at %s", s.at)
		}
	})
}

// TestANewWatchRemembers: what is said after an error counts as if there had
// been none.
func TestANewWatchRemembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sets []string
		w := new(Watcher)
		for _, l := range [][]look{{{set: "a:1"}, {err: errFault}}, {{decided: true}, {err: errFault}}} {
			s := &script{start: time.Now(), looks: l}
			if err := w.follow(t.Context(), schedule{time.Second, time.Minute}, s.next, func(set []sd.Instance) { sets = append(sets, brief(set)) }); !errors.Is(err, errFault) {
				t.Error(err)
			}
		}
		if want := []string{"a:1", "a:1(draining)", ""}; !slices.Equal(sets, want) {
			t.Errorf("told %q, want %q", sets, want)
		}
	})
}

// TestInstancerKeepsWhatDNSForgot: NXDOMAIN empties nothing, "." does.
func TestInstancerKeepsWhatDNSForgot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now(), looks: []look{{set: "a:1 b:1 c:1"}, {}, {}, {}, {}, {decided: true}}}
		w := &following{script: s}
		i := sd.NewInstancer(w, sd.InstancerConfig{})
		defer i.Stop()
		time.Sleep(3500 * time.Millisecond)
		if got, _ := i.Snapshot(); len(got.Instances) != 3 || got.Held != 3 {
			t.Errorf("after NXDOMAIN: %d instances, %d held", len(got.Instances), got.Held)
		}
		time.Sleep(time.Minute)
		if got, _ := i.Snapshot(); len(got.Instances) != 0 || got.Held != 0 {
			t.Errorf("after the target %q: %d instances, %d held", ".", len(got.Instances), got.Held)
		}
	})
}

// following is a sd.Watcher of a script.
type following struct {
	Watcher

	script *script
}

func (f *following) Watch(ctx context.Context, update func([]sd.Instance)) error {
	return f.follow(ctx, schedule{time.Second, 30 * time.Second}, f.script.next, update)
}

// watching is a Watch under way against a real server.
type watching struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done

	mu   sync.Mutex // guards the field below
	sets []string
}

func watch(t *testing.T, w *Watcher) *watching {
	ctx, cancel := context.WithCancel(t.Context())
	x := &watching{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(x.done)
		x.err = w.Watch(ctx, func(set []sd.Instance) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.sets = append(x.sets, brief(set))
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-x.done
	})
	return x
}

func (x *watching) last() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.sets) == 0 {
		return "nothing yet"
	}
	return x.sets[len(x.sets)-1]
}

// comesTo waits until the set told last is want.
func (x *watching) comesTo(t *testing.T, want string) {
	t.Helper()
	for late := time.Now().Add(45 * time.Second); x.last() != want; time.Sleep(2 * time.Millisecond) {
		select {
		case <-x.done:
			t.Fatalf("Watch returned %v; wanted %q, knows %q", x.err, want, x.last())
		default:
		}
		if time.Now().After(late) {
			t.Fatalf("wanted %q, knows %q", want, x.last())
		}
	}
}

// comesToCount waits until the set told last has n instances.
func (x *watching) comesToCount(t *testing.T, n int) {
	t.Helper()
	for late := time.Now().Add(45 * time.Second); len(strings.Fields(x.last())) != n; time.Sleep(2 * time.Millisecond) {
		select {
		case <-x.done:
			t.Fatalf("Watch returned %v; wanted %d instances, knows %q", x.err, n, x.last())
		default:
		}
		if time.Now().After(late) {
			t.Fatalf("wanted %d instances, knows %q", n, x.last())
		}
	}
}
