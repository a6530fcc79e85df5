package sd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// books is a Holder whose registry is the test.
type books struct {
	mu       sync.Mutex // guards the fields below
	err      error      // registering fails with it, if set
	leaveErr error
	stuck    time.Duration // how long leaving ignores everything
	tries    []time.Time
	listed   int // how many hold the instance now
	lost     chan struct{}
	late     func() // the latest held function
}

func (b *books) Hold(ctx context.Context, _ Instance, held func()) error {
	b.mu.Lock()
	b.tries = append(b.tries, time.Now())
	if b.err != nil {
		defer b.mu.Unlock()
		return b.err
	}
	b.listed++
	lost := make(chan struct{})
	b.lost, b.late = lost, held
	b.mu.Unlock()
	held()
	var err error
	select {
	case <-lost:
		err = errors.New("lease expired")
	case <-ctx.Done():
		b.mu.Lock()
		stuck := b.stuck
		err = b.leaveErr
		b.mu.Unlock()
		time.Sleep(stuck)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listed--
	return err
}

func (b *books) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// lose ends the registration behind the owner's back.
func (b *books) lose() { b.set(func() { close(b.lost) }) }

func (b *books) holders() (n int) {
	b.set(func() { n = b.listed })
	return n
}

func (b *books) attempts() (list []time.Time) {
	b.set(func() { list = slices.Clone(b.tries) })
	return list
}

var self = Instance{ID: "self", Addr: "10.0.0.7:80"}

func wantState(t *testing.T, r *Registrar, want RegistrarState, wantErr string) {
	t.Helper()
	state, err := r.State()
	if state != want || !strings.Contains(fmt.Sprint(err), wantErr) {
		t.Errorf("is %s with error %v, want %s with %q", state, err, want, wantErr)
	}
}

func TestRegistrarRegistersAndLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := &books{}, &journal{}
		var states []RegistrarState
		r := NewRegistrar(b, self, RegistrarConfig{Logger: log, OnChange: func(s RegistrarState) { states = append(states, s) }})
		wantState(t, r, Unregistered, "<nil>")
		select {
		case <-r.Registered():
			t.Error("registered before it ran")
		default:
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		<-r.Registered()
		synctest.Wait()
		wantState(t, r, Registered, "<nil>")
		if err := r.Run(ctx); !errors.Is(err, ErrRunning) {
			t.Errorf("a second Run returned %v, want ErrRunning", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
		wantState(t, r, Unregistered, "<nil>")
		if b.holders() != 0 {
			t.Error("still listed")
		}
		if got := fmt.Sprint(states); got != "[registered unregistered]" {
			t.Errorf("went through %s", got)
		}
		if got := log.String(); got != "id=self addr=10.0.0.7:80 msg=registered\nid=self addr=10.0.0.7:80 msg=left" {
			t.Errorf("logged:\n%s", got)
		}
	})
}

func TestRegistrarRegainsALostRegistrationAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := &books{}, &journal{}
		var states []RegistrarState
		r := NewRegistrar(b, self, RegistrarConfig{Logger: log, OnChange: func(s RegistrarState) { states = append(states, s) }})
		r.Register()
		defer r.Deregister()
		for range 10 { // again and again: every loss of what stood is a first one
			pass(time.Minute)
			begun := time.Now()
			b.lose()
			synctest.Wait()
			tries := b.attempts()
			if d := tries[len(tries)-1].Sub(begun); d != 0 || b.holders() != 1 {
				t.Fatalf("regained after %s, listed %d times", d, b.holders())
			}
		}
		wantState(t, r, Registered, "<nil>")
		if len(states) != 21 || states[1] != Lost || states[2] != Registered {
			t.Errorf("went through %s", states)
		}
		if n := log.having("registration lost"); n != 10 || log.having("lease expired") != 10 {
			t.Errorf("logged %d losses of 10:\n%s", n, log)
		}
	})
}

func TestRegistrarNeverGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := &books{err: errDown}, &journal{}
		r := NewRegistrar(b, self, RegistrarConfig{MaxBackoff: 5 * time.Second, Logger: log})
		r.Register()
		defer r.Deregister()
		pass(24 * time.Hour)
		wantState(t, r, Unregistered, "registry down")
		tries, wait := b.attempts(), newBackoff(0, 5*time.Second)
		for n := range len(tries) - 1 {
			if d := tries[n+1].Sub(tries[n]); d > wait.bound(n) {
				t.Fatalf("waited %s after failure %d, want at most %s", d, n, wait.bound(n))
			}
		}
		if perHour := len(tries) / 24; perHour > 3600/2 { // the mean wait is 2.5 s
			t.Errorf("tries %d times an hour", perHour)
		}
		if n := len(strings.Split(log.String(), "\n")); n != 1 || log.having("not registered yet; trying again") != 1 {
			t.Errorf("a day of failures made %d lines:\n%s", n, log)
		}
		b.set(func() { b.err = nil })
		pass(5 * time.Second)
		wantState(t, r, Registered, "<nil>")
		b.set(func() { b.err = errDown })
		b.lose()
		pass(time.Hour)
		wantState(t, r, Lost, "registry down")
		if log.having("registration lost; trying to regain it") != 1 || log.having("") != 3 {
			t.Errorf("logged:\n%s", log)
		}
	})
}

// A registry that takes the registration and drops it right away is not
// hammered.
func TestRegistrarBacksOffFromARegistrationThatDoesNotStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		r := NewRegistrar(holdFunc(func(_ context.Context, _ Instance, held func()) error {
			tries++
			held()
			return errDown
		}), self, RegistrarConfig{})
		r.Register()
		pass(time.Hour)
		r.Deregister()
		if tries > 2000 { // 2.5 s apart on average
			t.Errorf("tried %d times within an hour", tries)
		}
	})
}

func TestRegistrarContainsItsBackend(t *testing.T) {
	for name, end := range map[string]func() error{
		"a panic": func() error { panic("oops") },
		"nil":     func() error { return nil },
		"Goexit":  func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				r := NewRegistrar(holdFunc(func(ctx context.Context, _ Instance, held func()) error {
					if tries++; tries < 5 {
						return end()
					}
					held()
					<-ctx.Done()
					return nil
				}), self, RegistrarConfig{})
				r.Register()
				pass(time.Minute)
				wantState(t, r, Registered, "<nil>")
				r.Deregister()
			})
		})
	}
}

func TestRegistrarRunWithADeadContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &books{}
	if err := NewRegistrar(b, self, RegistrarConfig{}).Run(ctx); err != nil || len(b.attempts()) > 0 {
		t.Errorf("Run returned %v after %d attempts, want nil after none", err, len(b.attempts()))
	}
}

func TestRegistrarRefusesWhatNoRegistryCanTake(t *testing.T) {
	b, log := &books{}, &journal{}
	r := NewRegistrar(b, Instance{ID: "self", Addr: "0.0.0.0:80"}, RegistrarConfig{Logger: log})
	if err := r.Run(t.Context()); !errors.Is(err, ErrInvalid) {
		t.Errorf("Run returned %v, want ErrInvalid", err)
	}
	wantState(t, r, Unregistered, "advertise its own address")
	r.Register() // has nobody to return it to
	r.Deregister()
	if log.having("registration ended") != 1 || len(b.attempts()) > 0 {
		t.Errorf("tried %d times and logged:\n%s", len(b.attempts()), log)
	}
}

func TestRegistrarInAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &books{}
		r := NewRegistrar(b, self, RegistrarConfig{})
		r.Deregister()
		for range 3 {
			r.Register()
			r.Register()
			synctest.Wait()
			wantState(t, r, Registered, "<nil>")
			r.Deregister()
			r.Deregister()
			wantState(t, r, Unregistered, "<nil>")
		}
		if n := len(b.attempts()); n != 3 || b.holders() != 0 {
			t.Errorf("registered %d times, listed %d times now; want 3 and 0", n, b.holders())
		}
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				if n%2 == 0 {
					r.Register()
				} else {
					r.Deregister()
				}
				_, _ = r.State()
			})
		}
		wg.Wait()
		r.Deregister()
		if b.holders() != 0 {
			t.Error("still listed")
		}
	})
}

func TestRegistrarMakesAnID(t *testing.T) {
	a, b := NewRegistrar(&books{}, Instance{Addr: "a:80"}, RegistrarConfig{}), NewRegistrar(&books{}, Instance{Addr: "a:80"}, RegistrarConfig{})
	if a.Instance().ID == b.Instance().ID || !strings.HasPrefix(a.Instance().ID, "a:80-") {
		t.Errorf("got %q and %q, want unique ones that begin with the address", a.Instance().ID, b.Instance().ID)
	}
	if got := NewRegistrar(&books{}, self, RegistrarConfig{}).Instance(); got.ID != "self" {
		t.Errorf("replaced the ID by %q", got.ID)
	}
}
