package lb

import (
	"context"
	"testing"

	"github.com/kitgen/kitgen/internal/attempt"
)

// No pick allocates, by any balancer, over a small pool or a large one, with a
// guard or without, for a call with a key, for one that was elsewhere before, for
// both, or for neither.
func TestNoPolicyAllocates(t *testing.T) {
	var g switches
	for guard, cfg := range map[string]PoolConfig{"no guard": {}, "a guard": {Guard: g.guard}} {
		for _, n := range []int{1, 3, 17, 300} {
			p := fixed(t, new(fleet), cfg, letters(n)...)
			tried := attempt.Start(t.Context(), 0)
			attempt.From(tried).Add(letters(n)[0])
			for what, ctx := range map[string]context.Context{
				"any call":           t.Context(),
				"a call with a key":  WithKey(t.Context(), "k"),
				"a retry":            tried,
				"a retry with a key": WithKey(tried, "k"),
			} {
				for _, policy := range policies() {
					b := policy.policy(p)
					pick := b.(picker).Pick
					if got := testing.AllocsPerRun(50, func() { pick(ctx) }); got != 0 {
						t.Errorf("%s of %d, %s: a pick for %s allocates %v times", policy.name, n, guard, what, got)
					}
					if got := testing.AllocsPerRun(50, func() { b.Endpoint() }); got != 0 {
						t.Errorf("%s of %d, %s: a pick allocates %v times", policy.name, n, guard, got)
					}
				}
			}
		}
	}
}

// Nor does a tracked call, with or without a guard.
func TestNoCallAllocates(t *testing.T) {
	var g switches
	for guard, cfg := range map[string]PoolConfig{"no guard": {}, "a guard": {Guard: g.guard}} {
		p := NewPool(newSource(numbered(20)...), connectSilent, cfg)
		p.until(20)
		for _, policy := range policies() {
			call := Endpoint(policy.policy(p))
			if got := testing.AllocsPerRun(100, func() { call(t.Context(), nil) }); got != 0 {
				t.Errorf("%s, %s: a call allocates %v times", policy.name, guard, got)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
