package lb

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/retry"
)

// connecting is a fleet that takes so long to connect some of its instances, and fails
// to connect others.
func connecting(takes map[string]time.Duration, failing ...string) *fleet {
	return &fleet{fail: func(addr string) error {
		time.Sleep(takes[addr])
		if slices.Contains(failing, addr) {
			return errors.New("refused")
		}
		return nil
	}}
}

func TestWaitReadyMeetsEverybody(t *testing.T) {
	const long = time.Minute
	for name, tt := range map[string]struct {
		fleet   *fleet
		patient time.Duration // how long the caller is
		then    func(src *source)
		want    time.Duration
	}{
		"all at once":            {fleet: connecting(nil), patient: long},
		"one is slow":            {fleet: connecting(map[string]time.Duration{"b": time.Second}), patient: long, want: time.Second},
		"the first is slow":      {fleet: connecting(map[string]time.Duration{"a": 3 * time.Second, "b": 3 * time.Second, "c": 3500 * time.Millisecond}), patient: long, want: 3500 * time.Millisecond},
		"one fails":              {fleet: connecting(map[string]time.Duration{"b": time.Second}, "b"), patient: long, want: time.Second},
		"one fails, one is slow": {fleet: connecting(map[string]time.Duration{"b": time.Second, "c": 1500 * time.Millisecond}, "b"), patient: long, want: 1500 * time.Millisecond},
		"one hangs":              {fleet: connecting(map[string]time.Duration{"b": long}), patient: long, want: meeting},
		"time is up":             {fleet: connecting(map[string]time.Duration{"b": long}), patient: time.Second, want: time.Second},
		"one hangs, and leaves": {
			fleet: connecting(map[string]time.Duration{"b": 3 * time.Second}), patient: long, want: time.Second,
			then: func(src *source) { src.set(at("a", "c")...) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				src := newSource(at("a", "b", "c")...)
				began := time.Now()
				p := start(t, src, tt.fleet, PoolConfig{DrainTimeout: 2 * long})
				if tt.then != nil {
					time.AfterFunc(time.Second, func() { tt.then(src) })
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.patient)
				defer cancel()
				if err := p.WaitReady(ctx); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != tt.want {
					t.Errorf("ready after %v, want %v", took, tt.want)
				}
			})
		})
	}
}

// Who joins later is not waited for: there are others to call.
func TestWaitReadyIgnoresNewcomers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("a")...)
		p := start(t, src, connecting(map[string]time.Duration{"b": time.Second}), PoolConfig{})
		src.set(at("a", "b")...)
		synctest.Wait()
		began := time.Now()
		if err := p.WaitReady(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// The first that is connected may have died since: a call's attempts must not all
// be over before anybody else is known.
func TestFirstCallSurvivesADeadInstance(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := connecting(map[string]time.Duration{"alive": time.Second})
		f.serve = map[string]endpoint.Endpoint{
			"dead": func(context.Context, any) (any, error) { return nil, errors.New("connection reset") },
		}
		p := start(t, newSource(at("alive", "dead")...), f, PoolConfig{})
		if err := p.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		call := retry.New(retry.Config{Idempotent: true})(Endpoint(NewAdaptive(p, AdaptiveConfig{})))
		for range 100 {
			if _, err := call(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}
