package lb

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/sd"
)

func newSticky(t *testing.T, set Set, cfg StickyConfig, policy Policy) endpoint.Endpoint {
	t.Helper()
	b, err := NewSticky(set, cfg, policy)
	if err != nil {
		t.Fatal(err)
	}
	return Endpoint(b)
}

// with calls in a session and returns who answers.
func with(t *testing.T, call endpoint.Endpoint, s *Session) string {
	t.Helper()
	who, err := call(WithSession(t.Context(), s), nil)
	if err != nil {
		t.Fatal(err)
	}
	return who.(string)
}

// stays fails unless the session is with who and remains there.
func stays(t *testing.T, call endpoint.Endpoint, s *Session, who string) {
	t.Helper()
	for range 50 {
		if got := with(t, call, s); got != who || s.Instance() != who {
			t.Fatalf("the session came to %s and is with %q, want %s", got, s.Instance(), who)
		}
	}
}

// A session is where it was, though the service becomes larger, in whatever
// process; what it carries is text.
func TestStickySurvivesScalingOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("a", "b")...)
		p := start(t, src, new(fleet), PoolConfig{})
		call := newSticky(t, p, StickyConfig{}, random)
		all := make([]*Session, 100)
		for i := range all {
			all[i] = new(Session)
			with(t, call, all[i])
		}
		src.set(at("a", "b", "c", "d", "e")...)
		synctest.Wait()
		elsewhere := newSticky(t, p, StickyConfig{}, random)
		for _, s := range all {
			stays(t, call, s, s.Instance())
			stays(t, elsewhere, NewSession(s.Instance()), s.Instance())
		}
	})
}

// A session moves when it has to, once.
func TestStickyMoves(t *testing.T) {
	for name, gone := range map[string]func(src *source, g *switches){
		"breaker open": func(_ *source, g *switches) { g.set("a") },
		"removed":      func(src *source, _ *switches) { src.set(at("b", "c")...) },
		"draining": func(src *source, _ *switches) {
			src.set(sd.Instance{ID: "a", Addr: "a", State: sd.Draining}, at("b")[0], at("c")[0])
		},
		"critical": func(src *source, _ *switches) {
			src.set(sd.Instance{ID: "a", Addr: "a", State: sd.Critical}, at("b")[0], at("c")[0])
		},
	} {
		for _, comesBack := range []bool{false, true} {
			bubble(t, func(t *testing.T) {
				var g switches
				src := newSource(at("a", "b", "c")...)
				p := start(t, src, new(fleet), PoolConfig{Guard: g.guard})
				call, s := newSticky(t, p, StickyConfig{Return: comesBack}, random), NewSession("a")
				stays(t, call, s, "a")
				gone(src, &g)
				synctest.Wait()
				took := with(t, call, s)
				if took == "a" {
					t.Errorf("%s: still there", name)
				}
				for range 20 {
					if got := with(t, call, s); got == "a" {
						t.Errorf("%s: went to a", name)
					}
				}
				g.set()
				src.set(at("a", "b", "c")...)
				synctest.Wait()
				if comesBack && (name == "breaker open" || name == "critical") {
					stays(t, call, s, "a")
				} else {
					if !comesBack && s.Instance() != took {
						t.Errorf("%s: it moved twice, to %s and to %s", name, took, s.Instance())
					}
					stays(t, call, s, s.Instance())
				}
			})
		}
	}
}

// Nobody but an instance that can be picked is believed to be one.
func TestStickyIgnoresWhatIsNoInstance(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b", "c")
	call := newSticky(t, p, StickyConfig{}, random)
	for _, id := range []string{"", "d", "A", "a ", "a\x00", "../a", strings.Repeat("a", 1<<20), "\xff\xfe"} {
		s := NewSession(id)
		stays(t, call, s, with(t, call, s))
	}
	if got := picks(t, call, 300); len(got) != 3 {
		t.Errorf("calls without a session came to %v, want all", got)
	}
}

// The first call of a session goes where its key is at home.
func TestStickyByKey(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b", "c")
	hash := func(s Set) kitlb.Balancer { return NewMaglev(s) }
	call, maglev := newSticky(t, p, StickyConfig{}, hash), Endpoint(NewMaglev(p))
	for i := range 100 {
		ctx, s := WithKey(t.Context(), user(i)), new(Session)
		home, err := maglev(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if who, err := call(WithSession(ctx, s), nil); who != home || err != nil || s.Instance() != who {
			t.Errorf("%s is at home with %v, came to %v, %v, and is with %s", user(i), home, who, err, s.Instance())
		}
	}
}

// A retry goes elsewhere, and with it the session, unless it is only lent.
func TestStickyAndRetries(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b")
	for comesBack, want := range map[bool]string{false: "b", true: "a"} {
		call, s := newSticky(t, p, StickyConfig{Return: comesBack}, nil), NewSession("a")
		ctx := attempt.Start(WithSession(t.Context(), s), 0)
		for _, want := range []string{"a", "b"} {
			if who, err := call(ctx, nil); who != want || err != nil {
				t.Errorf("an attempt came to %v, %v, want %s", who, err, want)
			}
		}
		if s.Instance() != want {
			t.Errorf("Return %v: the session is with %s, want %s", comesBack, s.Instance(), want)
		}
	}
}
