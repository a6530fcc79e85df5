//go:build unix

package main

import (
	"context"
	"sync"
	"testing"

	"github.com/kitgen/kitgen/transport"

	"github.com/kitgen/kitgen/examples/ticker"
)

// load is four callers who never pause.
type load struct {
	t       *testing.T
	want    string // how every call ends
	callers sync.WaitGroup

	mu    sync.Mutex // guards what is below
	ended sync.Cond  // told of every call
	calls int
	lost  int
	over  bool
}

func newLoad(t *testing.T, client *ticker.Client) *load {
	l := &load{t: t, want: outcome(t.Context(), client)}
	l.ended.L = &l.mu
	for range 4 {
		l.callers.Go(func() {
			for l.count(outcome(t.Context(), client)) {
			}
		})
	}
	return l
}

// outcome is the code of a call's error; empty for a success.
func outcome(ctx context.Context, client *ticker.Client) string {
	if err := ask(ctx, client); err != nil {
		return transport.ErrorOf(err).Code
	}
	return ""
}

// count reports whether to go on.
func (l *load) count(got string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; got != l.want {
		l.lost++
		l.t.Logf("call %d ended with %q", l.calls, got)
	}
	l.ended.Broadcast()
	return !l.over
}

// more returns when some hundred more calls have ended.
func (l *load) more() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for until := l.calls + 300; l.calls < until; {
		l.ended.Wait()
	}
}

// end stops the load and says what it came to.
func (l *load) end() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.callers.Wait()
	if l.t.Logf("%d calls", l.calls); l.lost > 0 {
		l.t.Errorf("%d were lost", l.lost)
	}
}
