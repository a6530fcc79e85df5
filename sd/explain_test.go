package sd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told starts an Instancer on a registry that answers what the test says.
func told(t *testing.T, cfg InstancerConfig) (*Instancer, func(line string)) {
	t.Helper()
	w := away{make(chan []Instance)}
	i := NewInstancer(w, cfg)
	t.Cleanup(i.Stop)
	return i, func(line string) {
		w.answer <- set(line)
		synctest.Wait()
	}
}

func TestExplain(t *testing.T) {
	for name, tt := range map[string]struct {
		sets []string // a second apart
		want []string // lines, without age
	}{
		"listed, draining, critical": {[]string{"a b~ c!"}, []string{
			"in a a:80 listed",
			"in b b:80 listed as draining: it takes no new call and is about to leave",
			"in c c:80 listed as critical: it takes no call while others can",
		}},
		"held": {[]string{"a b c", "a"}, []string{
			"in a a:80 listed",
			"in b b:80 held: the registry lost it among many; believed in 1m0s unless it comes back or refuses its callers",
			"in c c:80 held: the registry lost it among many; believed in 1m0s unless it comes back or refuses its callers",
		}},
		"held without end in sight": {[]string{"a", ""}, []string{
			"in a a:80 held: the registry lost it among many; believed in 24h0m0s unless it comes back or refuses its callers",
		}},
		"lost": {[]string{"a b c", "a b"}, []string{
			"in a a:80 listed", "in b b:80 listed", "in c c:80 the registry no longer lists it; believed in 250ms",
		}},
		"removed": {[]string{"a b~ c d", "a c d", "a c"}, []string{
			"in a a:80 listed", "in c c:80 listed", "in d d:80 the registry no longer lists it; believed in 250ms",
			"out b b:80 removed: it said that it leaves, and left",
		}},
		"unreadable": {[]string{"a", "a? b?"}, []string{
			`in a a:80 listed, but its entry cannot be used any more, so the last good one stands: address "nowhere" is not host:port (an IPv6 host needs brackets, as in [::1]:80; a scheme has no place here)`,
			`out b  left out: address "nowhere" is not host:port (an IPv6 host needs brackets, as in [::1]:80; a scheme has no place here)`,
		}},
		"one address, two instances": {[]string{"a b@a"}, []string{
			"in a a:80 listed", `out b a:80 left out: "a" has the same address and is preferred`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i, tell := told(t, InstancerConfig{})
				for n, line := range tt.sets {
					if n > 0 {
						time.Sleep(time.Second)
					}
					tell(line)
				}
				e := i.Explain()
				var got []string
				for _, f := range e.Fates {
					in := "out"
					if f.In {
						in = "in"
					}
					got = append(got, strings.Join([]string{in, f.Instance.ID, f.Instance.Addr, f.Why}, " "))
				}
				if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
					t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
				}
			})
		})
	}
}

func TestExplainIsATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, tell := told(t, InstancerConfig{})
		if got, want := i.Explain().String(), "source starting\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		tell("a bb~")
		time.Sleep(time.Minute)
		if got, want := i.Explain().String(), "source fresh\nin  a   a:80   1m0s  listed\nin  bb  bb:80  1m0s  listed as draining: it takes no new call and is about to leave\n"; got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	})
}

func TestUnreachableEndsAHoldOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, tell := told(t, InstancerConfig{})
		tell("a b c")
		i.Unreachable("a")
		synctest.Wait()
		if s, _ := i.Snapshot(); line(s.Instances) != "a b c" {
			t.Errorf("knows %s", line(s.Instances))
		}
		time.Sleep(time.Second)
		tell("c")
		i.Unreachable("a")
		i.Unreachable("c")
		i.Unreachable("nobody")
		synctest.Wait()
		if s, _ := i.Snapshot(); line(s.Instances) != "b c" || s.Held != 1 {
			t.Errorf("knows %s, %d held", line(s.Instances), s.Held)
		}
		if s := i.Stats(); s.Unreachable != 1 {
			t.Errorf("stats %+v", s)
		}
		if e := i.Explain().String(); !strings.Contains(e, "out  a  a:80  0s  removed: the registry no longer lists it, and it refused its callers") {
			t.Errorf("explained as:\n%s", e)
		}
	})
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer, fail := make(chan []Instance), make(chan error)
		i := NewInstancer(watchFunc(func(ctx context.Context, update func([]Instance)) error {
			select {
			case s := <-answer:
				update(s)
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case err := <-fail:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}), InstancerConfig{})
		defer i.Stop()
		want := func(want Stats) {
			t.Helper()
			synctest.Wait()
			got := i.Stats()
			got.Publishes = 0
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
		time.Sleep(7 * time.Second)
		want(Stats{Source: Starting, Age: 7 * time.Second})
		answer <- set("a b~ c?")
		time.Sleep(time.Hour)
		want(Stats{Source: Fresh, Instances: 2, Draining: 1, Quarantined: 1, Refused: 1})
		fail <- errors.New("gone")
		time.Sleep(time.Minute)
		want(Stats{Source: Stale, Age: time.Minute, Instances: 2, Draining: 1, Quarantined: 1, Refused: 1, Breaks: 1})
		answer <- set("a b~")
		want(Stats{Source: Fresh, Instances: 2, Draining: 1, Refused: 1, Breaks: 1})
	})
}

// choosy is a registry that leaves entries out itself.
type choosy struct {
	away

	refused map[string]error
}

func (c choosy) Refused() map[string]error { return c.refused }

func TestWhatTheBackendLeavesOutIsCountedAndExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		w := choosy{away{make(chan []Instance)}, map[string]error{"a": errors.New("half of it"), "b": errors.New("no JSON")}}
		i := NewInstancer(w, InstancerConfig{Logger: log})
		defer i.Stop()
		for range 3 {
			w.answer <- set("a c")
			synctest.Wait()
		}
		if s := i.Stats(); s.Quarantined != 2 || s.Refused != 2 || s.Instances != 2 {
			t.Errorf("stats %+v", s)
		}
		if log.having("instance left out") != 2 {
			t.Errorf("logged:\n%s", log)
		}
		e := i.Explain().String()
		for _, want := range []string{"in   a  a:80  0s  listed, but its entry cannot be used any more, so the last good one stands: half of it", "out  b        0s  left out: no JSON", "in   c  c:80  0s  listed\n"} {
			if !strings.Contains(e, want) {
				t.Errorf("no %q in:\n%s", want, e)
			}
		}
	})
}

func TestNoPasswordOfAnAddressIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		i := NewInstancer(Fixed{{Addr: "http://user:hunter2@10.0.0.1:80"}}, InstancerConfig{Logger: log})
		defer i.Stop()
		synctest.Wait()
		for _, said := range []string{log.String(), i.Explain().String()} {
			if strings.Contains(said, "hunter2") || !strings.Contains(said, "xxxxx@10.0.0.1:80") {
				t.Errorf("said:\n%s", said)
			}
		}
	})
}
