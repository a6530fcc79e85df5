package lb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/sd"
)

func TestZoneShare(t *testing.T) {
	zeros := ZoneConfig{Explore: -1}
	for _, c := range []struct {
		name          string
		cfg           ZoneConfig
		local, others float64
		zones         int
		cost          float64
		want          float64
	}{
		{"nobody anywhere", zeros, 0, 0, 0, 1, 0},
		{"nobody in the zone", zeros, 0, 4, 2, 1, 0},
		{"nobody elsewhere", zeros, 4, 0, 1, 1, 1},
		{"as many as elsewhere", zeros, 3, 6, 3, 1, 1},
		{"more than elsewhere", zeros, 30, 6, 3, 1, 1},
		{"a little fewer", zeros, 2, 6, 3, 1, 1},
		{"half of the fair share", zeros, 1, 5, 3, 1, 0.7},
		{"half of the fair share, no headroom", ZoneConfig{Headroom: 1, Explore: -1}, 1, 5, 3, 1, 0.5},
		{"all callers are here", ZoneConfig{Callers: 1, Explore: -1}, 3, 6, 3, 1, 1.4 / 3},
		{"a tenth of the callers is here", ZoneConfig{Callers: 0.1, Explore: -1}, 1, 9, 2, 1, 1},
		{"a little slower", zeros, 3, 6, 3, 1.9, 1},
		{"four times as slow", zeros, 3, 6, 3, 4, 0.25},
		{"a thousand times as slow", zeros, 3, 6, 3, 1000, 4e-6},
		{"four times as fast", zeros, 3, 6, 3, 0.25, 1},
		{"few and slow", zeros, 1, 5, 3, 4, 0.175},
		{"some explore", ZoneConfig{Explore: 0.1}, 3, 6, 3, 1, 0.9},
		{"one in 64 does", ZoneConfig{}, 3, 6, 3, 1, 1 - 1./64},
		{"no zones are known", zeros, 1, 1, 0, 1, 0.7},
	} {
		cfg := c.cfg.withDefaults()
		if got := cfg.share(c.local, c.others, c.zones, c.cost); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: share %.4f, want %.4f", c.name, got, c.want)
		}
	}
}

// Whatever it is computed from, the share is one, and grows with what the zone has.
func TestZoneShareIsMonotone(t *testing.T) {
	values := []float64{1e-9, 0.1, 1, 2, 7, 1e3, 1e12}
	for _, cfg := range []ZoneConfig{{}, {Callers: 0.01}, {Callers: 1, Headroom: 1, Slower: 1}, {Headroom: 1e9, Explore: -1}} {
		cfg = cfg.withDefaults()
		for _, others := range values {
			for _, cost := range values {
				last := 0.0
				for _, local := range values {
					got := cfg.share(local, others, 3, cost)
					if math.IsNaN(got) || got < last || got > 1 {
						t.Fatalf("%+v: share %v after %v for %v of cost %v, others %v", cfg, got, last, local, cost, others)
					}
					last = got
				}
			}
		}
	}
}

// region is a service in three zones, a, b and c, whose instances serve four calls at
// a time, in order.
type region struct {
	fleet
	service map[string]*atomic.Int64 // by zone: how long a call takes, as a time.Duration; negative: it fails in 1 ms

	all, local, failed atomic.Int64
	took               atomic.Int64
}

const lanes = 4

func newRegion(zones map[string]int) (*region, []sd.Instance) {
	w := &region{service: map[string]*atomic.Int64{}}
	w.serve = map[string]endpoint.Endpoint{}
	var all []sd.Instance
	for _, zone := range []string{"a", "b", "c"} {
		w.service[zone] = new(atomic.Int64)
		w.service[zone].Store(int64(10 * time.Millisecond))
		for _, in := range inZone(zone, zones[zone]) {
			all = append(all, in)
			free := make(chan struct{}, lanes)
			w.serve[in.Addr] = func(ctx context.Context, _ any) (any, error) { return w.answer(ctx, zone, free) }
		}
	}
	return w, all
}

var errDown = errors.New("down")

func (w *region) answer(ctx context.Context, zone string, free chan struct{}) (any, error) {
	w.all.Add(1)
	if zone == "a" {
		w.local.Add(1)
	}
	d := time.Duration(w.service[zone].Load())
	if d < 0 {
		time.Sleep(time.Millisecond)
		return nil, errDown
	}
	select {
	case free <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-free }()
	select {
	case <-time.After(d):
		return zone, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run has callers in zone a call through b for a while, each again after a pause,
// and returns the share of calls that came to zone a, the share that failed and
// the mean time that calls took.
func (w *region) run(b kitlb.Balancer, callers int, pause, d time.Duration) (local, failed float64, took time.Duration) {
	for _, n := range []*atomic.Int64{&w.all, &w.local, &w.failed, &w.took} {
		n.Store(0)
	}
	call, end := Endpoint(b), time.Now().Add(d)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			time.Sleep(pause * time.Duration(i) / time.Duration(callers))
			for time.Now().Before(end) {
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				if _, err := call(ctx, nil); err != nil {
					w.failed.Add(1)
				}
				cancel()
				w.took.Add(int64(time.Since(began)))
				time.Sleep(pause)
			}
		})
	}
	wg.Wait()
	n := float64(w.all.Load())
	return float64(w.local.Load()) / n, float64(w.failed.Load()) / n, time.Duration(float64(w.took.Load()) / n)
}

func newZoned(t *testing.T, set Set, cfg ZoneConfig, policy Policy) *ZoneAware {
	t.Helper()
	b, err := NewZoneAware(set, cfg, policy)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// isBetween fails unless got is from low to high.
func isBetween(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	t.Logf("%s: %.3f", what, got)
	if !(got >= low && got <= high) {
		t.Errorf("%s: %.3f, want %.3f to %.3f", what, got, low, high)
	}
}

const (
	callers = 10
	pause   = 20 * time.Millisecond
)

func TestCallsStayInAGoodZone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, all := newRegion(map[string]int{"a": 3, "b": 3, "c": 3})
		p := start(t, newSource(all...), &w.fleet, PoolConfig{})
		b := newZoned(t, p, ZoneConfig{Zone: "a"}, nil)
		local, _, _ := w.run(b, callers, pause, 20*time.Second)
		isBetween(t, "local", local, 0.96, 1)
		local, _, _ = w.run(b, callers, 0, 10*time.Second) // all of its lanes are busy, and none has to wait
		isBetween(t, "local, when busy", local, 0.96, 1)
		for _, s := range w.service {
			s.Store(int64(200 * time.Millisecond))
		}
		w.run(b, callers, pause, 20*time.Second)
		local, _, _ = w.run(b, callers, pause, 20*time.Second)
		isBetween(t, "local, when all are slow", local, 0.9, 1)
	})
}

// A zone with less than its share of the instances gets less of the calls.
func TestCallsLeaveASmallZone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, all := newRegion(map[string]int{"a": 1, "b": 3, "c": 3})
		p := start(t, newSource(all...), &w.fleet, PoolConfig{})
		local, _, _ := w.run(newZoned(t, p, ZoneConfig{Zone: "a"}, nil), callers, pause, 20*time.Second)
		isBetween(t, "local", local, 0.55, 0.65) // 1.4 · 1/7 / (1/3) = 0.6
		local, _, _ = w.run(newZoned(t, p, ZoneConfig{Zone: "a", Callers: 0.1}, nil), callers, pause, 20*time.Second)
		isBetween(t, "local, if callers are few there", local, 0.96, 1)
	})
}

// A zone that is slow, frozen or failing loses its calls, and gets them back.
func TestCallsLeaveABadZone(t *testing.T) {
	for name, service := range map[string]time.Duration{"slow": 300 * time.Millisecond, "frozen": time.Hour, "failing": -1} {
		bubble(t, func(t *testing.T) {
			w, all := newRegion(map[string]int{"a": 3, "b": 3, "c": 3})
			p := start(t, newSource(all...), &w.fleet, PoolConfig{})
			b := newZoned(t, p, ZoneConfig{Zone: "a"}, nil)
			w.run(b, callers, pause, 20*time.Second)
			w.service["a"].Store(int64(service))
			w.run(b, callers, pause, 10*time.Second)
			local, failed, _ := w.run(b, callers, pause, 10*time.Second)
			isBetween(t, name+": local", local, 0, 0.3)
			isBetween(t, name+": failed", failed, 0, 0.3)
			w.service["a"].Store(int64(10 * time.Millisecond))
			w.run(b, callers, pause, 30*time.Second)
			local, _, _ = w.run(b, callers, pause, 10*time.Second)
			isBetween(t, name+", after it: local", local, 0.9, 1)
		})
	}
}

// A zone with fewer instances than its callers need is helped out by others: calls
// take not much longer than if there were no zones.
func TestZonesAreNoWorseThanNone(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		bubble(t, func(t *testing.T) {
			w, all := newRegion(map[string]int{"a": n, "b": 6, "c": 6})
			p := start(t, newSource(all...), &w.fleet, PoolConfig{})
			zoned := newZoned(t, p, ZoneConfig{Zone: "a", Callers: 0.01}, nil) // it is told nothing of how many there are
			plain := NewAdaptive(p, AdaptiveConfig{})
			w.run(zoned, 30, pause, 10*time.Second)
			local, _, with := w.run(zoned, 30, pause, 20*time.Second)
			w.run(plain, 30, pause, 10*time.Second)
			_, _, without := w.run(plain, 30, pause, 20*time.Second)
			isBetween(t, fmt.Sprintf("%d in the zone (local %.2f): %v to %v", n, local, with, without), float64(with)/float64(without), 0, 2.2)
		})
	}
}

// Whatever policy picks, and whoever is picked, the zone feels the call.
func TestZonesFeelCallsOfEveryPolicy(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{}, append(inZone("a", 2), inZone("b", 2)...)...)
	for _, known := range append(policies(), namedPolicy{"probing", func(s Set) kitlb.Balancer { return NewProbing(s, ProbingConfig{}) }}) {
		b := newZoned(t, p, ZoneConfig{Zone: "a", Explore: 0.5}, known.policy)
		for range 50 {
			if _, err := Endpoint(b)(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if b.local.pulse.latency.load() == 0 || b.others.pulse.latency.load() == 0 {
			t.Errorf("%s: calls are not felt", known.name)
		}
	}
}

// A pool in which nobody has a zone, or a caller without one, does as if there
// were no zones.
func TestWithoutZones(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{}, inZone("a", 4)...)
	for _, zone := range []string{"", "z"} {
		got := picks(t, Endpoint(newZoned(t, p, ZoneConfig{Zone: zone}, random)), 4000)
		uniformly(t, "zone "+zone, []int{got["a0"], got["a1"], got["a2"], got["a3"]})
	}
	nowhere := fixed(t, new(fleet), PoolConfig{}, "x", "y")
	got := picks(t, Endpoint(newZoned(t, nowhere, ZoneConfig{}, random)), 2000)
	uniformly(t, "nobody has a zone", []int{got["x"], got["y"]})
}

// A caller whose calls have a key finds the same instance every time, also one
// that is sent elsewhere.
func TestZonesKeepKeys(t *testing.T) {
	bubble(t, func(t *testing.T) { // where no zone is slower than another
		p := start(t, newSource(append(append(inZone("a", 2), inZone("b", 4)...), inZone("c", 4)...)...), new(fleet), PoolConfig{})
		call := Endpoint(newZoned(t, p, ZoneConfig{Zone: "a", Headroom: 1}, func(s Set) kitlb.Balancer { return NewRendezvous(s) }))
		local := 0
		for i := range 2000 {
			ctx := WithKey(t.Context(), user(i))
			first, _ := call(ctx, nil)
			again, _ := call(ctx, nil)
			if first != again {
				t.Fatalf("%s came to %v and %v", user(i), first, again)
			}
			if strings.HasPrefix(first.(string), "a") {
				local++
			}
		}
		within(t, "local", local, 2000, 0.6*63/64) // 2/10 / (1/3)
	})
}

func TestZoneRefusals(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{})
	nan := math.NaN()
	for _, c := range []struct {
		want string
		cfg  ZoneConfig
	}{
		{"ZoneConfig.Callers is -0.1", ZoneConfig{Callers: -0.1}},
		{"ZoneConfig.Callers is 2", ZoneConfig{Callers: 2}},
		{"ZoneConfig.Callers is NaN", ZoneConfig{Callers: nan}},
		{"ZoneConfig.Headroom is 0.5", ZoneConfig{Headroom: 0.5}},
		{"ZoneConfig.Headroom is +Inf", ZoneConfig{Headroom: math.Inf(1)}},
		{"ZoneConfig.Slower is -1", ZoneConfig{Slower: -1}},
		{"ZoneConfig.Slower is NaN", ZoneConfig{Slower: nan}},
		{"ZoneConfig.Explore is 1", ZoneConfig{Explore: 1}},
		{"ZoneConfig.Explore is NaN", ZoneConfig{Explore: nan}},
	} {
		if _, err := NewZoneAware(p, c.cfg, nil); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "give a") {
			t.Errorf("error %v, want %q and the mend", err, c.want)
		}
	}
}
