package sdtest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
)

type (
	holdFunc  func(ctx context.Context, in sd.Instance, held func()) error
	watchFunc func(ctx context.Context, update func([]sd.Instance)) error
)

func (f holdFunc) Hold(ctx context.Context, in sd.Instance, held func()) error {
	return f(ctx, in, held)
}

func (f watchFunc) Watch(ctx context.Context, update func([]sd.Instance)) error {
	return f(ctx, update)
}

// sabotage is a backend with one defect, on top of a registry in memory.
type sabotage func(m *Memory, b *Backend, stop <-chan struct{})

// tamperHold makes a sabotage of what a good Holder is given.
func tamperHold(f func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error) sabotage {
	return func(m *Memory, b *Backend, _ <-chan struct{}) {
		b.Holder = func(service string) sd.Holder {
			return holdFunc(func(ctx context.Context, in sd.Instance, held func()) error {
				return f(ctx, m.Holder(service), in, held)
			})
		}
	}
}

// tamperSets makes a sabotage of what a good Watcher reports. fresh makes one
// for each Watch; its func returns false to swallow a set.
func tamperSets(fresh func() func([]sd.Instance) ([]sd.Instance, bool)) sabotage {
	return func(m *Memory, b *Backend, _ <-chan struct{}) {
		b.Watcher = func(service string) sd.Watcher {
			return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
				tamper := fresh()
				return m.Watcher(service).Watch(ctx, func(set []sd.Instance) {
					if set, ok := tamper(set); ok {
						update(set)
					}
				})
			})
		}
	}
}

// defects has one for each case.
func defects() map[string]sabotage {
	return map[string]sabotage{
		"empty": tamperSets(func() func([]sd.Instance) ([]sd.Instance, bool) {
			return func(set []sd.Instance) ([]sd.Instance, bool) { return set, len(set) > 0 }
		}),
		"seen-by-earlier": tamperSets(func() func([]sd.Instance) ([]sd.Instance, bool) {
			n := 0
			return func(set []sd.Instance) ([]sd.Instance, bool) { n++; return set, n == 1 }
		}),
		"seen-by-later": tamperSets(func() func([]sd.Instance) ([]sd.Instance, bool) {
			n := 0
			return func(set []sd.Instance) ([]sd.Instance, bool) { n++; return set, n > 1 }
		}),
		"fields": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			in.Zone = ""
			return h.Hold(ctx, in, held)
		}),
		"no-fields": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			in.ID = "made-up"
			return h.Hold(ctx, in, held)
		}),
		"states": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			in.State = sd.Up
			return h.Hold(ctx, in, held)
		}),
		"confirmed":   heldTooEarly,
		"outage-held": heldTooEarly,
		"full-sets": tamperSets(func() func([]sd.Instance) ([]sd.Instance, bool) {
			seen := map[string]bool{}
			return func(set []sd.Instance) ([]sd.Instance, bool) {
				return slices.DeleteFunc(slices.Clone(set), func(in sd.Instance) bool {
					was := seen[in.ID]
					seen[in.ID] = true
					return was
				}), true
			}
		}),
		"many": tamperSets(func() func([]sd.Instance) ([]sd.Instance, bool) {
			return func(set []sd.Instance) ([]sd.Instance, bool) { return set[:min(len(set), 50)], true }
		}),
		"same-id": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			in.ID = fmt.Sprint(in.ID, in.Weight)
			return h.Hold(ctx, in, held)
		}),
		"invalid": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			if err := h.Hold(ctx, in, held); err != nil {
				return fmt.Errorf("registry says: %v", err) // no ErrInvalid
			}
			return nil
		}),
		"ipv6": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			if strings.HasPrefix(in.Addr, "[") {
				in.Addr = "192.0.2.7:80" // resolved, as if there were one family
			}
			return h.Hold(ctx, in, held)
		}),
		"leave":              neverForget,
		"leave-alone":        leaveTakesAll,
		"leave-unregistered": registerTheDead,
		"services":           watchByPrefix,
		"ids": tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
			in.ID = strings.ReplaceAll(in.ID, "/", "-")
			return h.Hold(ctx, in, held)
		}),
		"watch-ends":  watchOn,
		"watch-dead":  watchOn,
		"watch-again": watchOnce,
		"late-update": watchInBackground,
		"goroutines":  leak,
		"files":       leakFiles,
		"poison":      despair,
		"regain":      registerOnce,
		"outage-kept": emptyOnError,
	}
}

var heldTooEarly = tamperHold(func(ctx context.Context, h sd.Holder, in sd.Instance, held func()) error {
	held()
	time.Sleep(time.Second)
	return h.Hold(ctx, in, func() {})
})

var neverForget = tamperSets(func() func([]sd.Instance) ([]sd.Instance, bool) {
	all := map[string]sd.Instance{}
	return func(set []sd.Instance) ([]sd.Instance, bool) {
		for _, in := range set {
			all[in.ID] = in
		}
		return slices.Collect(maps.Values(all)), true
	}
})

func leaveTakesAll(m *Memory, b *Backend, _ <-chan struct{}) {
	b.Holder = func(service string) sd.Holder {
		return holdFunc(func(ctx context.Context, in sd.Instance, held func()) error {
			err := m.Holder(service).Hold(ctx, in, held)
			for n := range 9 {
				_ = m.Lose(service, instance(n).ID)
			}
			return err
		})
	}
}

func registerTheDead(m *Memory, b *Backend, stop <-chan struct{}) {
	b.Holder = func(service string) sd.Holder {
		return holdFunc(func(ctx context.Context, in sd.Instance, held func()) error {
			if ctx.Err() == nil {
				return m.Holder(service).Hold(ctx, in, held)
			}
			forever, cancel := context.WithCancel(context.WithoutCancel(ctx))
			listed := make(chan struct{})
			go func() {
				_ = m.Holder(service).Hold(forever, in, func() { close(listed) })
			}()
			go func() {
				<-stop
				cancel()
			}()
			<-listed
			return nil
		})
	}
}

func watchByPrefix(m *Memory, b *Backend, _ <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			var mu sync.Mutex
			sets := map[string][]sd.Instance{}
			part := func(name string) func([]sd.Instance) {
				return func(set []sd.Instance) {
					mu.Lock()
					defer mu.Unlock()
					sets[name] = set
					update(slices.Concat(sets[service], sets[service+"-admin"]))
				}
			}
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() { _ = m.Watcher(service+"-admin").Watch(ctx, part(service+"-admin")) })
			return m.Watcher(service).Watch(ctx, part(service))
		})
	}
}

func watchOn(m *Memory, b *Backend, stop <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			err := m.Watcher(service).Watch(ctx, update)
			<-stop
			return err
		})
	}
}

func watchOnce(m *Memory, b *Backend, _ <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		used := false
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			if used {
				return fmt.Errorf("client is closed")
			}
			used = true
			return m.Watcher(service).Watch(ctx, update)
		})
	}
}

func watchInBackground(m *Memory, b *Backend, stop <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			forever, cancel := context.WithCancel(context.WithoutCancel(ctx))
			go func() { _ = m.Watcher(service).Watch(forever, update) }()
			go func() {
				<-stop
				cancel()
			}()
			<-ctx.Done()
			return ctx.Err()
		})
	}
}

func leakFiles(m *Memory, b *Backend, stop <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			f, err := os.Open(os.DevNull)
			if err != nil {
				return err
			}
			context.AfterFunc(ctx, func() {
				<-stop
				f.Close()
			})
			return m.Watcher(service).Watch(ctx, update)
		})
	}
}

// despair gives up on a list in which anything is wrong.
func despair(m *Memory, b *Backend, _ <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			return m.Watcher(service).Watch(ctx, func(set []sd.Instance) {
				if slices.ContainsFunc(set, func(in sd.Instance) bool { return in.Validate() != nil }) {
					set = nil
				}
				update(set)
			})
		})
	}
}

func leak(m *Memory, b *Backend, stop <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			go func() { <-stop }()
			return m.Watcher(service).Watch(ctx, update)
		})
	}
}

func registerOnce(m *Memory, b *Backend, _ <-chan struct{}) {
	b.Holder = func(service string) sd.Holder {
		used := false
		return holdFunc(func(ctx context.Context, in sd.Instance, held func()) error {
			if used {
				return fmt.Errorf("lease keepalive channel is closed")
			}
			used = true
			return m.Holder(service).Hold(ctx, in, held)
		})
	}
}

func emptyOnError(m *Memory, b *Backend, _ <-chan struct{}) {
	b.Watcher = func(service string) sd.Watcher {
		return watchFunc(func(ctx context.Context, update func([]sd.Instance)) error {
			err := m.Watcher(service).Watch(ctx, update)
			update(nil)
			return err
		})
	}
}

func backend(m *Memory) Backend {
	return Backend{Holder: m.Holder, Watcher: m.Watcher, Poison: m.Poison, Lose: m.Lose, Outage: m.Outage, Heal: m.Heal}
}

// TestDefectsAreFound: a backend with a defect breaks the case that is about
// it, and the case says so in its sentence.
func TestDefectsAreFound(t *testing.T) {
	all := defects()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			defect := all[c.name]
			if defect == nil {
				t.Fatal("no defect to try the case with")
			}
			synctest.Test(t, func(t *testing.T) {
				m, stop := new(Memory), make(chan struct{})
				b := backend(m)
				defect(m, &b, stop)
				got := verdict(t, c, b)
				close(stop)
				if !strings.HasPrefix(got, "does not hold: "+c.sentence+"\n\t") {
					t.Errorf("got %q, want the sentence %q", got, c.sentence)
				}
			})
		})
	}
}

// TestSoundBackendPasses runs the same cases, in the same way, without defect.
func TestSoundBackendPasses(t *testing.T) {
	for _, c := range cases() {
		synctest.Test(t, func(t *testing.T) {
			m := new(Memory)
			b := backend(m)
			if got := verdict(t, c, b); got != "" {
				t.Errorf("%s: %s", c.name, got)
			}
		})
	}
}

// verdict runs c with b and returns what it failed with; empty if it passed.
func verdict(t *testing.T, c testCase, b Backend) string {
	r := &witness{ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.cleanUp()
		c.run(newCheck(r, b, c.sentence))
	}()
	<-done
	return r.failure
}

// TestReaderPasses: whoever only reads runs the suite by Publish, and without
// IDs by ByAddr as well.
func TestReaderPasses(t *testing.T) {
	for _, byAddr := range []bool{false, true} {
		for _, c := range cases() {
			synctest.Test(t, func(t *testing.T) {
				m := new(Memory)
				b := Backend{Watcher: m.Watcher, Publish: publishTo(m, byAddr), ByAddr: byAddr}
				if c.missing(b) != "" {
					return
				}
				if got := verdict(t, c, b); got != "" {
					t.Errorf("%s: %s", c.name, got)
				}
			})
		}
	}
}

// publishTo lists sets in m as if nobody had registered there.
func publishTo(m *Memory, anonymous bool) func(string, []sd.Instance) error {
	return func(service string, set []sd.Instance) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.services, service)
		for _, in := range set {
			if anonymous {
				in.ID = in.Addr
			}
			if m.services == nil {
				m.services = map[string]map[string]*entry{}
			}
			if m.services[service] == nil {
				m.services[service] = map[string]*entry{}
			}
			m.services[service][in.ID] = &entry{in: in, orphan: true}
		}
		m.tell(service)
		return nil
	}
}

func TestReaderWithoutRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(Memory)
		b := Backend{Watcher: m.Watcher, Publish: func(string, []sd.Instance) error { return ErrAway }}
		if got := verdict(t, cases()[2], b); !strings.Contains(got, ErrAway.Error()) {
			t.Errorf("got %q", got)
		}
	})
}

func TestMissingHooks(t *testing.T) {
	all := backend(new(Memory))
	for _, c := range cases() {
		system := slices.Contains(c.needs, openFiles)
		if got := c.missing(all); got != "" && !system {
			t.Errorf("%s, which has all it needs, misses %q", c.name, got)
		}
		if got := c.missing(Backend{}); (got == "") != (len(c.needs) == 0) && !system {
			t.Errorf("%s, which needs %q, misses %q", c.name, c.needs, got)
		}
	}
}
