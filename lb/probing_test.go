package lb

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	serverload "github.com/kitgen/kitgen/internal/load"
)

// said is what servers answer to probes.
type said struct {
	mu      sync.Mutex
	rif     map[string]int
	latency map[string]time.Duration
	err     map[string]error
	asked   map[string]int
}

func (s *said) probe(_ context.Context, addr string) (int, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]int{}
	}
	s.asked[addr]++
	return s.rif[addr], s.latency[addr], s.err[addr]
}

func (s *said) fail(addr string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = map[string]error{}
	}
	s.err[addr] = err
}

// slowly makes n calls, after each of which all answers to its probes arrive.
func slowly(t *testing.T, call endpoint.Endpoint, n int) map[any]int {
	t.Helper()
	got := map[any]int{}
	for range n {
		for who, k := range picks(t, call, 1) {
			got[who] += k
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
	}
	return got
}

func TestProbingPicksTheLeastLoaded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &said{rif: map[string]int{"a": 9, "b": 2, "c": 9}}
		b := NewProbing(start(t, newSource(at("a", "b", "c")...), &fleet{}, PoolConfig{}), ProbingConfig{Probe: s.probe})
		slowly(t, Endpoint(b), 1)
		if got := slowly(t, Endpoint(b), 50); got["b"] != 50 {
			t.Errorf("picks were %v; all should go to b", got)
		}
		if s.asked["a"] != 51 || s.asked["b"] != 51 || s.asked["c"] != 51 {
			t.Errorf("51 picks asked %v; want each server once a pick", s.asked)
		}
	})
}

func TestProbingHeedsWeights(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set := at("a", "b")
		set[0].Weight, set[1].Weight = 10, 1
		s := &said{rif: map[string]int{"a": 9, "b": 2}}
		b := NewProbing(start(t, newSource(set...), &fleet{}, PoolConfig{}), ProbingConfig{Probe: s.probe})
		slowly(t, Endpoint(b), 1)
		if got := slowly(t, Endpoint(b), 20); got["a"] != 20 {
			t.Errorf("picks were %v; a has ten times the weight and less than ten times the load", got)
		}
	})
}

// TestProbingHotAndCold has a slow server that is idle, a quick one that is
// busy, and one that is overloaded.
func TestProbingHotAndCold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &said{
			rif:     map[string]int{"idle": 0, "quick": 3, "over": 20},
			latency: map[string]time.Duration{"idle": 90 * time.Millisecond, "quick": 10 * time.Millisecond, "over": time.Millisecond},
		}
		b := NewProbing(start(t, newSource(at("idle", "over", "quick")...), &fleet{}, PoolConfig{}), ProbingConfig{Probe: s.probe, Hot: 0.84})
		slowly(t, Endpoint(b), 1)
		if got := slowly(t, Endpoint(b), 20); got["quick"] != 20 {
			t.Errorf("picks were %v; of the cold, quick has the least latency", got)
		}
	})
}

// TestSilentServersDoNotLookIdle has a server that does not answer probes, and
// others that are busy.
func TestSilentServersDoNotLookIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &said{rif: map[string]int{"a": 50, "b": 50}}
		probe := func(ctx context.Context, addr string) (int, time.Duration, error) {
			if addr == "c" {
				<-ctx.Done()
				return 0, 0, ctx.Err()
			}
			return s.probe(ctx, addr)
		}
		b := NewProbing(start(t, newSource(at("a", "b", "c")...), &fleet{}, PoolConfig{}), ProbingConfig{Probe: probe})
		b.ask()
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := slowly(t, Endpoint(b), 50); got["c"] != 0 {
			t.Errorf("picks were %v; nobody knows whether c is idle", got)
		}
	})
}

// TestServersThatCannotBeAskedGetCalls is a rollout: old servers know no probes.
func TestServersThatCannotBeAskedGetCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var told lines
		s := &said{}
		s.fail("c", errors.New("404 Not Found"))
		b := NewProbing(start(t, newSource(at("a", "b", "c")...), &fleet{}, PoolConfig{Logger: &told}), ProbingConfig{Probe: s.probe})
		slowly(t, Endpoint(b), 1)
		got := slowly(t, Endpoint(b), 900)
		if got["c"] < 20 || got["c"] > 300 { // a third of the picks are adaptive, 100 to c
			t.Errorf("picks were %v; c should get fewer than the others, but some", got)
		}
		s.fail("c", nil)
		if got := slowly(t, Endpoint(b), 900); got["c"] < 150 {
			t.Errorf("picks were %v; c answers now", got)
		}
		want := []string{"msginstance does not say how busy it is, and gets few callsinstancecerr404 Not Found", "msginstance says again how busy it isinstancec"}
		if got := told.all; !slices.Equal(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
	})
}

// TestProbingIsNoSinkhole has one of 20 servers fail at once: it is always idle.
func TestProbingIsNoSinkhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		addrs := letters(20)
		s := &said{rif: map[string]int{}}
		f := &fleet{serve: map[string]endpoint.Endpoint{addrs[7]: func(context.Context, any) (any, error) { return nil, errors.New("no") }}}
		for _, a := range addrs {
			s.rif[a] = 2
		}
		s.rif[addrs[7]] = 0
		call := Endpoint(NewProbing(start(t, newSource(at(addrs...)...), f, PoolConfig{}), ProbingConfig{Probe: s.probe}))
		failed := 0
		for range 2000 {
			if _, err := call(t.Context(), nil); err != nil {
				failed++
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		if failed == 0 || failed > 40 { // two seconds, of which a fair share would be 100
			t.Errorf("%d of 2000 calls went where they fail", failed)
		}
	})
}

func TestProbingCountsItsOwnPicks(t *testing.T) {
	b, p := kept(t, 3) // so few stay, and none is asked again
	got := map[string]int{}
	for range 30 {
		got[b.choose(p.pickable, want2(p)).in.ID]++
	}
	for id, n := range got {
		if n != 10 {
			t.Errorf("%s got %d of 30 picks by answers that are all the same; all: %v", id, n, got)
		}
	}
}

// TestProbingKnowsTheSlow has a server that says that it is idle, and has been
// slow to this client.
func TestProbingKnowsTheSlow(t *testing.T) {
	b, p := kept(t, 3)
	b.set.root().mean.store(float64(time.Millisecond))
	for i, d := range []time.Duration{1200 * time.Microsecond, 100 * time.Microsecond, 5 * time.Millisecond} {
		p.pickable[i].node.latency.store(float64(d))
	}
	var o options
	for i, want := range []float64{1, 1, 5} {
		if got := b.options(p.pickable, &o)[i].load; got != want {
			t.Errorf("load of server %d is %v, want %v", i, got, want)
		}
		o = options{}
	}
}

// want2 is what a first pick wants.
func want2(p *plan) want { return want{ready: true, plain: p.plain} }

// answerOf is an answer that the i-th node could have given now.
func (b *Probing) answerOf(i, inFlight int) *answer {
	a := &answer{node: b.plan.Load().pickable[i].node, said: serverload.Report{InFlight: inFlight}, at: b.set.root().now()}
	a.uses.Store(1)
	return a
}

// kept returns a balancer that asks nobody, with an answer of each of n nodes.
func kept(tb testing.TB, n int) (*Probing, *plan) {
	tb.Helper()
	b := NewProbing(fixed(tb, &fleet{}, PoolConfig{}, letters(n)...), ProbingConfig{MaxAge: time.Hour})
	b.Close()
	for i := range min(n, maxAnswers) {
		b.answers.kept[i].Store(b.answerOf(i, 0))
	}
	return b, b.plan.Load()
}

func TestAnswersWearOut(t *testing.T) {
	b, p := kept(t, maxAnswers)
	for left := maxAnswers; ; {
		if sl := b.choose(p.pickable, want2(p)); sl == nil {
			t.Fatal("nobody is picked")
		}
		var o options
		switch now := len(b.options(p.pickable, &o)); {
		case left == lastAnswers && now == left:
			return // the last ones stay
		case now != left-1 && now != left-2: // one used and one removed, or both in one
			t.Fatalf("%d answers are left of %d after a pick", now, left)
		default:
			left = now
		}
	}
}

func TestAnswersAge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &said{}
		b := NewProbing(start(t, newSource(at("a", "b", "c")...), &fleet{}, PoolConfig{}), ProbingConfig{Probe: s.probe})
		b.ask()
		synctest.Wait()
		known := func() int {
			var o options
			return len(b.options(b.plan.Load().pickable, &o))
		}
		time.Sleep(time.Second)
		if known() != 3 {
			t.Errorf("%d answers after a second, want 3", known())
		}
		time.Sleep(time.Millisecond)
		if known() != 0 {
			t.Errorf("%d answers after more than a second", known())
		}
	})
}

func TestAnswersAreOfDifferentServers(t *testing.T) {
	b, _ := kept(t, 20)
	for i := range 20 {
		b.said(b.plan.Load().pickable[i].node, i, 0, false)
		b.said(b.plan.Load().pickable[i].node, i+1, 0, false)
	}
	seen := map[*node]bool{}
	for i := range b.answers.kept {
		a := b.answers.kept[i].Load()
		if seen[a.node] {
			t.Errorf("two answers of %s", a.node.id)
		}
		seen[a.node] = true
	}
	for i := 4; i < 20; i++ {
		if n := b.plan.Load().pickable[i].node; !seen[n] {
			t.Errorf("the answer of %s made way for an older one", n.id)
		}
	}
}

func TestUses(t *testing.T) {
	for n, want := range map[int]float64{0: 1, 1: 1, 16: 1, 24: 1, 25: maxUses, 32: 4, 64: 1.6, 1600: 2 / 1.97} {
		if got := uses(n); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("an answer of %d servers serves for %v picks, want %v", n, got, want)
		}
	}
}

// TestReportsByTheWay has servers that say in each response how busy they are.
func TestReportsByTheWay(t *testing.T) {
	telling := func(ctx context.Context, _ any) (any, error) {
		serverload.Deliver(ctx, "rif=7, latency=3ms")
		return "told", nil
	}
	addrs := letters(3)
	f := &fleet{serve: map[string]endpoint.Endpoint{addrs[0]: telling, addrs[1]: telling}}
	b := NewProbing(fixed(t, f, PoolConfig{}, addrs...), ProbingConfig{MaxAge: time.Hour})
	b.Close()
	p := b.plan.Load()
	b.answers.kept[4].Store(b.answerOf(0, 2))
	b.answers.kept[4].Load().uses.Store(3)
	for i := range 2 {
		if _, err := p.pickable[i].call(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	a := b.answers.kept[4].Load()
	if a.said != (serverload.Report{InFlight: 7, Latency: 3 * time.Millisecond}) || a.uses.Load() != 3 {
		t.Errorf("the answer is %v, for %d picks; want the newer one, for as many", a.said, a.uses.Load())
	}
	for i := range b.answers.kept {
		if a := b.answers.kept[i].Load(); i != 4 && a != nil {
			t.Errorf("%s was not asked, and is known", a.node.id)
		}
	}
}

// TestProbingFallsBack has nobody who could be asked.
func TestProbingFallsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var told lines
		b := NewProbing(start(t, newSource(at("a", "b")...), &fleet{}, PoolConfig{Logger: &told}), ProbingConfig{})
		if got := slowly(t, Endpoint(b), 200); got["a"] < 20 || got["b"] < 20 {
			t.Errorf("picks were %v; want those of an adaptive", got)
		}
		if got := told.all; len(got) != 2 || !strings.Contains(got[0], "nor is there a ProbingConfig.Probe") {
			t.Errorf("logged %q", got)
		}
	})
}

// asking is a closer that can ask its instance.
type asking struct {
	io.Closer
	rif int
}

func (a asking) Probe(context.Context) (int, time.Duration, error) {
	if a.rif < 0 {
		panic("at the disco")
	}
	return a.rif, 0, nil
}

func TestProbingAsksClosers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var told lines
		f := &fleet{}
		rif := map[string]int{"a": 4, "b": 1, "c": 4, "d": -1}
		p := NewPool(newSource(at("a", "b", "c")...), func(addr string) (endpoint.Endpoint, io.Closer, error) {
			e, c, err := f.factory(addr)
			return e, asking{c, rif[addr]}, err
		}, PoolConfig{Logger: &told})
		defer p.Close()
		synctest.Wait()
		call := Endpoint(NewProbing(p, ProbingConfig{}))
		slowly(t, call, 1)
		if got := slowly(t, call, 20); got["b"] != 20 {
			t.Errorf("picks were %v, want b", got)
		}
		src := newSource(at("d")...)
		q := NewPool(src, func(addr string) (endpoint.Endpoint, io.Closer, error) {
			e, c, err := f.factory(addr)
			return e, asking{c, rif[addr]}, err
		}, PoolConfig{Logger: &told})
		defer q.Close()
		synctest.Wait()
		slowly(t, Endpoint(NewProbing(q, ProbingConfig{})), 2)
		if got := told.all; len(got) != 1 || !strings.HasSuffix(got[0], "instancederrpanic: at the disco") {
			t.Errorf("logged %q", got)
		}
	})
}

func TestProbingSends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rif := map[string]int{"a": 3, "b": 0, "c": 3}
		p := start(t, newSource(at("a", "b", "c")...), &fleet{}, PoolConfig{})
		b := NewProbing(p, ProbingConfig{Send: func(addr string, answer func(int, time.Duration, error)) {
			time.AfterFunc(time.Microsecond, func() { answer(rif[addr], 0, nil) })
		}})
		slowly(t, Endpoint(b), 1)
		if got := slowly(t, Endpoint(b), 20); got["b"] != 20 {
			t.Errorf("picks were %v, want b", got)
		}
	})
}

// TestProbingCloses leaves probes under way, which the bubble and goleak see.
func TestProbingCloses(t *testing.T) {
	for name, end := range map[string]func(*Pool, *Probing){
		"balancer": func(_ *Pool, b *Probing) { b.Close(); b.Close() },
		"pool":     func(p *Pool, _ *Probing) { p.Close() },
		"both":     func(p *Pool, b *Probing) { p.Close(); b.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var under atomic.Int64
				p := start(t, newSource(at("a", "b", "c")...), &fleet{}, PoolConfig{})
				b := NewProbing(p, ProbingConfig{Timeout: time.Hour, Probe: func(ctx context.Context, _ string) (int, time.Duration, error) {
					under.Add(1)
					defer under.Add(-1)
					<-ctx.Done()
					return 0, 0, ctx.Err()
				}})
				for range 100 {
					b.Endpoint()
				}
				synctest.Wait()
				if got := under.Load(); got != 3 {
					t.Errorf("%d probes are under way, want one for each", got)
				}
				before := time.Now()
				end(p, b)
				if got := under.Load(); got != 0 || time.Since(before) != 0 {
					t.Errorf("%d probes are under way after Close, which took %v", got, time.Since(before))
				}
				if b.mute.Load() != 0 {
					t.Error("a probe that was stopped counts as not answered")
				}
				b.Endpoint() // does nothing more
			})
		})
	}
}

func TestProbingOfClosedPool(t *testing.T) {
	p := fixed(t, &fleet{}, PoolConfig{}, "a")
	p.Close()
	b := NewProbing(p, ProbingConfig{})
	if _, err := b.Endpoint(); !errors.Is(err, ErrNoEndpoints) {
		t.Errorf("error is %v", err)
	}
	b.Close()
}

// TestProbingUnderChurn is for the race detector: instances come and go, and
// probes fail, while many pick.
func TestProbingUnderChurn(t *testing.T) {
	src, f := newSource(at("a", "b", "c", "d")...), &fleet{}
	p := NewPool(src, f.factory, PoolConfig{})
	defer p.Close()
	if err := p.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n atomic.Uint64
	b := NewProbing(p, ProbingConfig{Hot: 0.84, Probe: func(context.Context, string) (int, time.Duration, error) {
		if n.Add(1)%5 == 0 {
			return 0, 0, errors.New("lost")
		}
		return int(n.Load() % 7), time.Millisecond, nil
	}})
	call := Endpoint(b)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				if _, err := call(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 50 {
		src.set(at([]string{"a", "b", "c", "d", "e"}[i%3:]...)...)
		time.Sleep(time.Millisecond)
	}
	all.Wait()
	if late := f.late.Load(); late != 0 {
		t.Errorf("%d calls on closed connections", late)
	}
}

func TestProbingPicksWithoutAllocating(t *testing.T) {
	for _, hot := range []float64{0, 0.84} {
		b, _ := kept(t, maxAnswers)
		b.cfg.Hot = hot
		var again [maxAnswers]*answer
		for i := range again {
			again[i] = b.answers.kept[i].Load()
		}
		if n := testing.AllocsPerRun(100, func() {
			for i := range again {
				b.answers.kept[i].Store(again[i])
			}
			b.Pick(t.Context())
		}); n != 0 {
			t.Errorf("hot %v: %v allocations per pick", hot, n)
		}
	}
}

func BenchmarkProbing(b *testing.B) {
	for name, hot := range map[string]float64{"rif": 0, "hcl": 0.84} {
		b.Run(name, func(b *testing.B) {
			p, plan := kept(b, maxAnswers)
			p.cfg.Hot = hot
			var again [maxAnswers]*answer
			for i := range again {
				again[i] = p.answers.kept[i].Load()
			}
			b.ReportAllocs()
			for b.Loop() {
				sl := p.choose(plan.pickable, want2(plan))
				p.ask()
				for i := range again { // what the pick used up
					if p.answers.kept[i].Load() == nil {
						p.answers.kept[i].Store(again[i])
					}
				}
				_ = sl
			}
		})
	}
}
