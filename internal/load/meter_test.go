package load

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// take serves one request for d.
func take(m *Meter, d time.Duration) {
	r := m.Begin()
	time.Sleep(d)
	r.End()
}

func TestZeroMeterKnowsNothing(t *testing.T) {
	if got := new(Meter).Report(); got != (Report{}) {
		t.Errorf("a new meter reports %v", got)
	}
}

func TestMeterCountsInFlight(t *testing.T) {
	var m Meter
	a, b := m.Begin(), m.Begin()
	if got := m.Report().InFlight; got != 2 {
		t.Errorf("%d in flight, want 2", got)
	}
	if got := a.Report().InFlight; got != 1 {
		t.Errorf("%d in flight beside the one that reports, want 1", got)
	}
	a.Drop()
	b.End()
	if got := m.Report().InFlight; got != 0 {
		t.Errorf("%d in flight after all ended", got)
	}
}

// TestMedianIsThatOfTheLevel has requests take longer the more there are, as
// they do; the report tells what the next one will meet.
func TestMedianIsThatOfTheLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		for _, d := range []time.Duration{9, 1, 2, 100, 3} {
			take(&m, d*time.Millisecond)
		}
		if got := m.Report().Latency; got != 3*time.Millisecond {
			t.Errorf("idle: median of 1, 2, 3, 9, 100 ms is %v", got)
		}
		busy := m.Begin()
		for range enough {
			take(&m, 50*time.Millisecond)
		}
		if got := m.Report(); got != (Report{1, 50 * time.Millisecond}) {
			t.Errorf("with one in flight: %v", got)
		}
		if got := busy.Report(); got != (Report{0, 3 * time.Millisecond}) {
			t.Errorf("beside that one: %v", got)
		}
		busy.Drop()
		if got := m.Report(); got != (Report{0, 3 * time.Millisecond}) {
			t.Errorf("idle again: %v", got)
		}
	})
}

func TestNeighboursHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		take(&m, 5*time.Millisecond)
		held := []Request{m.Begin(), m.Begin(), m.Begin()}
		if got := m.Report(); got != (Report{3, 5 * time.Millisecond}) {
			t.Errorf("nothing is known of three in flight, but something of none: %v", got)
		}
		for _, r := range held {
			r.Drop()
		}
	})
}

func TestMeterForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		for range 3 * remembers {
			take(&m, time.Second/remembers)
		}
		for range remembers {
			take(&m, time.Millisecond)
		}
		if got := m.Report().Latency; got != time.Millisecond {
			t.Errorf("median is %v after as many new latencies as are remembered", got)
		}
		time.Sleep(recent)
		if got := m.Report().Latency; got != time.Millisecond {
			t.Errorf("median is %v after %v", got, recent)
		}
		time.Sleep(100 * time.Millisecond)
		if got := m.Report().Latency; got != 0 {
			t.Errorf("median is %v after more than %v", got, recent)
		}
	})
}

func TestDroppedRequestsAreNotTimed(t *testing.T) {
	var m Meter
	r := m.Begin()
	r.Drop()
	if got := m.Report(); got != (Report{}) {
		t.Errorf("after one that failed: %v", got)
	}
}

func TestLevels(t *testing.T) {
	before := 0
	for count := range int64(1 << 17) {
		at := levelOf(count)
		if at != before && at != before+1 {
			t.Fatalf("level of %d is %d, after %d", count, at, before)
		}
		before = at
	}
	if before != levels-1 {
		t.Errorf("%d levels are used of %d", before+1, levels)
	}
	if levelOf(-1) != 0 || levelOf(1<<62) != levels-1 {
		t.Error("a count out of bounds has no level")
	}
	if levelOf(99) != levelOf(96) || levelOf(16) == levelOf(20) {
		t.Error("steps are not about a quarter")
	}
}

func TestPack(t *testing.T) {
	now := time.UnixMilli(1<<33 - 5) // about to wrap
	for d, want := range map[time.Duration]uint32{0: 1, time.Nanosecond: 1, time.Millisecond: 1000, -5: 1, 1 << 62: 1<<32 - 1} {
		sample := pack(d, now)
		if got := unpack(sample, now.Add(recent)); got != want {
			t.Errorf("%v comes back as %d us, want %d", d, got, want)
		}
		if got := unpack(sample, now.Add(recent+time.Millisecond)); got != 0 {
			t.Errorf("%v is remembered for too long", d)
		}
	}
}

// TestMeterConcurrently is for the race detector, and for the count.
func TestMeterConcurrently(t *testing.T) {
	var m Meter
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				r := m.Begin()
				if got := r.Report(); got.InFlight < 0 || got.InFlight > 7 {
					t.Errorf("%d others are in flight, of 8", got.InFlight)
				}
				if rand.IntN(2) == 0 {
					r.End()
				} else {
					r.Drop()
				}
			}
		})
	}
	wg.Wait()
	if got := m.Report().InFlight; got != 0 {
		t.Errorf("%d in flight at the end", got)
	}
}

func TestMeterDoesNotAllocate(t *testing.T) {
	var m Meter
	if n := testing.AllocsPerRun(100, func() {
		r := m.Begin()
		_ = r.Report()
		r.End()
	}); n != 0 {
		t.Errorf("%v allocations per request", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = m.Report().String() }); n > 1 {
		t.Errorf("%v allocations per text, want the string alone", n)
	}
	text := Report{3, time.Millisecond}.String()
	if n := testing.AllocsPerRun(100, func() { _, _ = Parse(text) }); n != 0 {
		t.Errorf("%v allocations to read a report", n)
	}
}

func BenchmarkMeter(b *testing.B) {
	var m Meter
	b.ReportAllocs()
	for b.Loop() {
		r := m.Begin()
		_ = r.Report()
		r.End()
	}
}
