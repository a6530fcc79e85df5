package sd

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestRegistrarLeavingIsBoundedAndJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &books{stuck: time.Minute}
		r := NewRegistrar(b, self, RegistrarConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		<-r.Registered()
		cancel()
		begun := time.Now()
		if err := <-done; !errors.Is(err, ErrLeaveTimeout) {
			t.Errorf("Run returned %v, want ErrLeaveTimeout", err)
		}
		if d := time.Since(begun); d != 2*time.Second {
			t.Errorf("leaving took %s, want 2s", d)
		}
		wantState(t, r, Unregistered, "leaving took too long")

		// The stuck Hold would remove what a new one registers, so that waits.
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := r.Run(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run returned %v while the last backend was still busy", err)
		}
		r.Register()
		pass(50 * time.Second)
		if n := len(b.attempts()); n != 1 {
			t.Errorf("the backend was called %d times while it was stuck", n)
		}
		pass(10 * time.Second)
		wantState(t, r, Registered, "<nil>")
		b.set(func() { b.stuck = 0 })
		r.Deregister()
		if b.holders() != 0 {
			t.Error("still listed")
		}
	})
}

func TestRegistrarIgnoresALateConfirmation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &books{}
		r := NewRegistrar(b, self, RegistrarConfig{})
		r.Register()
		<-r.Registered()
		r.Deregister()
		b.late()
		wantState(t, r, Unregistered, "<nil>")
	})
}

func TestRegistrarSaysWhyLeavingFailed(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*books)
		want   string
	}{
		"registered, and the registry refuses": {
			func(b *books) { b.set(func() { b.leaveErr = errDown }) }, "leave: registry down",
		},
		"lost, and not regained": {
			func(b *books) {
				b.set(func() { b.err = errDown })
				b.lose()
				pass(time.Minute)
			}, "leave: registry down",
		},
		"registered, and gone": {func(*books) {}, "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &books{}
				r := NewRegistrar(b, self, RegistrarConfig{})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- r.Run(ctx) }()
				<-r.Registered()
				c.before(b)
				cancel()
				if err := <-done; fmt.Sprint(err) != c.want {
					t.Errorf("Run returned %v, want %s", err, c.want)
				}
				wantState(t, r, Unregistered, "")
			})
		})
	}
}

// An attempt to regain that is cut off has removed nothing.
func TestRegistrarSaysThatALossWasNotMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		r := NewRegistrar(holdFunc(func(ctx context.Context, _ Instance, held func()) error {
			if !first {
				<-ctx.Done()
				return ctx.Err()
			}
			first = false
			held()
			time.Sleep(time.Minute)
			return errDown
		}), self, RegistrarConfig{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := r.Run(ctx); !errors.Is(err, errDown) {
			t.Errorf("Run returned %v, want why the registration was lost", err)
		}
	})
}

// Stopping while the registry is down takes no time and is no failure: there
// is nothing to leave.
func TestRegistrarStopsWithTheRegistryDown(t *testing.T) {
	for name, hold := range map[string]holdFunc{
		"refusing": func(context.Context, Instance, func()) error { return errDown },
		"hanging":  func(ctx context.Context, _ Instance, _ func()) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				begun := time.Now()
				if err := NewRegistrar(hold, self, RegistrarConfig{}).Run(ctx); err != nil {
					t.Errorf("Run returned %v", err)
				}
				if d := time.Since(begun); d != time.Minute {
					t.Errorf("Run took %s, want 1m", d)
				}
			})
		})
	}
}
