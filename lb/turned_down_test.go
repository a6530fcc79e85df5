package lb

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/internal/attempt"
)

// busy is the error of a server that has too much to do; it came in no time.
type busy struct{}

func (busy) Error() string   { return "too many requests" }
func (busy) StatusCode() int { return 429 }

// TestWhoTurnsCallsDownGetsFewer: it answers quickly and has nothing in flight, and
// must not look idle. It has not failed either.
func TestWhoTurnsCallsDownGetsFewer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		calls := map[string]int{}
		factory := func(addr string) (endpoint.Endpoint, io.Closer, error) {
			return func(context.Context, any) (any, error) {
				calls[addr]++
				if addr == "busy" {
					return nil, busy{}
				}
				return addr, nil
			}, nil, nil
		}
		p := NewPool(kitsd.FixedInstancer{"a", "b", "busy", "c"}, factory, PoolConfig{Outliers: &OutlierConfig{}})
		defer p.Close()
		if err := p.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		call := Endpoint(NewAdaptive(p, AdaptiveConfig{}))
		for range 4000 {
			_, _ = call(t.Context(), nil)
		}
		if calls["busy"] > 200 {
			t.Errorf("the busy one got %d of 4000 calls", calls["busy"])
		}
		for _, n := range p.Nodes() {
			if n.Failures != 0 || n.Ejected != 0 {
				t.Errorf("a node has failed by being busy: %+v", n)
			}
		}
	})
}

// rejected is the error of a policy that stands between the pool and the wire.
type rejected struct{ unsent }

func (rejected) Rejected() bool { return true }

// TestWhatIsTurnedDownEverywhereIsNotTriedEverywhere: a call without a token is not
// sent, wherever it goes, and whoever gives out tokens must not be asked for each of
// the instances.
func TestWhatIsTurnedDownEverywhereIsNotTriedEverywhere(t *testing.T) {
	for name, begin := range map[string]func() context.Context{
		"without a retry": t.Context,
		"in an attempt":   func() context.Context { return attempt.Start(t.Context(), 0) },
	} {
		bubble(t, func(t *testing.T) {
			asked, have := 0, 100 // the token is there when it is asked for so often
			factory := func(addr string) (endpoint.Endpoint, io.Closer, error) {
				return func(context.Context, any) (any, error) {
					if asked++; asked < have {
						return nil, rejected{"no token"}
					}
					return addr, nil
				}, nil, nil
			}
			var many kitsd.FixedInstancer
			for i := range 50 {
				many = append(many, string(rune('A'+i)))
			}
			p := NewPool(many, factory, PoolConfig{})
			defer p.Close()
			synctest.Wait()
			call := Endpoint(NewAdaptive(p, AdaptiveConfig{}))
			if _, err := call(begin(), nil); !errors.Is(err, rejected{"no token"}) || asked > 4 {
				t.Errorf("%s: asked %d times: %v", name, asked, err)
			}
			asked, have = 0, 3 // as a breaker does that is part of the factory's endpoint
			if _, err := call(begin(), nil); err != nil || asked != 3 {
				t.Errorf("%s: at the third instance: %d, %v", name, asked, err)
			}
		})
	}
}

// TestWhereAllAreFullNotAllAreAsked: guards that turn calls down, as limits do, do so
// cheaply, however many instances there are.
func TestWhereAllAreFullNotAllAreAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		asked := 0
		guard := func(string) (endpoint.Middleware, func() bool) {
			return func(endpoint.Endpoint) endpoint.Endpoint {
				return func(context.Context, any) (any, error) { asked++; return nil, rejected{"no room"} }
			}, nil
		}
		var many kitsd.FixedInstancer
		for i := range 50 {
			many = append(many, string(rune('A'+i)))
		}
		p := NewPool(many, func(string) (endpoint.Endpoint, io.Closer, error) { return endpoint.Nop, nil, nil }, PoolConfig{Guard: guard})
		defer p.Close()
		synctest.Wait()
		if _, err := Endpoint(NewAdaptive(p, AdaptiveConfig{}))(t.Context(), nil); !errors.Is(err, rejected{"no room"}) || asked != 16 {
			t.Errorf("asked %d: %v", asked, err)
		}
	})
}

// forbidden is a rejection that looks like an answer of the business.
type forbidden struct{ rejected }

func (forbidden) StatusCode() int { return 403 }

func TestWhatAPolicyTurnsDownIsNoFailureOfTheNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		turnedDown := error(rejected{"no token"})
		factory := func(string) (endpoint.Endpoint, io.Closer, error) {
			return func(context.Context, any) (any, error) { return nil, turnedDown }, nil, nil
		}
		p := NewPool(kitsd.FixedInstancer{"a"}, factory, PoolConfig{})
		defer p.Close()
		if err := p.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		call := Endpoint(NewRoundRobin(p))
		for range 10 {
			if _, err := call(t.Context(), nil); !errors.Is(err, rejected{"no token"}) {
				t.Error(err)
			}
		}
		if n := p.Nodes()[0]; n.Failures != 0 {
			t.Errorf("%+v", n)
		}
		turnedDown = forbidden{}
		if _, err := call(t.Context(), nil); !errors.Is(err, turnedDown) {
			t.Error(err)
		}
		if n := nodeOf(t, p, "a"); n.samples.Load() != 0 {
			t.Error("it took so long to answer what it was not asked")
		}
	})
}
