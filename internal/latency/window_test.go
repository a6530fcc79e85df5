package latency

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestEmptyWindowKnowsNothing(t *testing.T) {
	var w Window
	if d, ok := w.Quantile(0, 0.5); ok {
		t.Errorf("an empty window says %v", d)
	}
	for range 9 {
		w.Add(0, time.Millisecond)
	}
	if d, ok := w.Quantile(0, 0.5); ok {
		t.Errorf("nine samples say %v", d)
	}
	w.Add(0, time.Millisecond)
	if _, ok := w.Quantile(0, 0.5); !ok {
		t.Error("ten samples say nothing")
	}
	if d, ok := w.Quantile(0, 0.99); ok {
		t.Errorf("ten samples say of the hundredth: %v", d)
	}
}

func TestQuantileIsASixteenthOffAtMost(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"uniform":     func() float64 { return 1e6 + r.Float64()*1e7 },
		"exponential": func() float64 { return 2000 + r.ExpFloat64()*5e6 },
		"two modes":   func() float64 { return 1e6 + 1e9*float64(r.IntN(50)/49) },
		"microscopic": func() float64 { return 1100 + r.Float64()*100 },
	} {
		var w Window
		all := make([]float64, 20000)
		for i := range all {
			all[i] = draw()
			w.Add(time.Second, time.Duration(all[i]))
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.1, 0.5, 0.9, 0.95, 0.97, 0.99, 0.999, 1} {
			got, ok := w.Quantile(2*time.Second, q)
			i := min(int(q*float64(len(all))), len(all)-1)
			if off := math.Abs(float64(got)-all[i]) / all[i]; !ok || off > 1.0/8 {
				t.Errorf("%s: p%v is %v, true %v: %.1f %% off", name, 100*q, got, time.Duration(all[i]), 100*off)
			}
		}
	}
}

func TestBucketsJoin(t *testing.T) {
	for i := range buckets - 1 {
		_, to := bounds(i)
		if from, _ := bounds(i + 1); from != to {
			t.Errorf("bucket %d ends at %v, the next begins at %v", i, to, from)
		}
		if got := bucketOf(to); got != i+1 {
			t.Errorf("%v is in bucket %d, want %d", to, got, i+1)
		}
		if got := bucketOf(to - 1); got != i {
			t.Errorf("%v is in bucket %d, want %d", to-1, got, i)
		}
	}
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1} {
		if got := bucketOf(d); got != 0 {
			t.Errorf("%v is in bucket %d", d, got)
		}
	}
	if got := bucketOf(math.MaxInt64); got != buckets-1 {
		t.Errorf("the longest is in bucket %d", got)
	}
}

func TestOldCallsAreForgotten(t *testing.T) {
	var w Window
	add := func(now, d time.Duration) {
		for range 100 {
			w.Add(now, d)
		}
	}
	add(0, time.Second)
	add(11*time.Second, time.Millisecond)
	if d, ok := w.Quantile(12*time.Second, 0.9); !ok || d < 900*time.Millisecond {
		t.Errorf("the calls of twelve seconds ago count for %v, %v", d, ok)
	}
	if d, ok := w.Quantile(21*time.Second, 0.9); !ok || d > 2*time.Millisecond {
		t.Errorf("the calls of twenty-one seconds ago make it %v, %v", d, ok)
	}
	if d, ok := w.Quantile(time.Hour, 0.9); ok {
		t.Errorf("an hour later it knows %v", d)
	}
	add(time.Hour, time.Microsecond)
	if d, ok := w.Quantile(time.Hour, 0.9); !ok || d > 2*time.Microsecond {
		t.Errorf("an emptied slot was not empty: %v, %v", d, ok)
	}
	w.Add(time.Hour-time.Minute, time.Hour) // late, of a span that is over
	w.Add(-time.Hour, time.Hour)
	if d, _ := w.Quantile(time.Hour, 1); d > 2*time.Microsecond {
		t.Errorf("a sample of a span that is over counts: %v", d)
	}
}

func TestWindowInParallel(t *testing.T) { // for the race detector
	var w Window
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				w.Add(time.Duration(i)*50*time.Millisecond, time.Millisecond)
				if i%100 == 0 {
					w.Quantile(time.Duration(i)*50*time.Millisecond, 0.9)
				}
			}
		})
	}
	wg.Wait()
	if d, ok := w.Quantile(100*time.Second, 0.5); !ok || d > 2*time.Millisecond || d < time.Millisecond/2 {
		t.Errorf("%v, %v", d, ok)
	}
}

func BenchmarkAdd(b *testing.B) {
	var w Window
	b.ReportAllocs()
	for b.Loop() {
		w.Add(time.Second, time.Millisecond)
	}
}

func BenchmarkQuantile(b *testing.B) {
	var w Window
	for i := range 10000 {
		w.Add(time.Second, time.Duration(i)*time.Microsecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Quantile(time.Second, 0.97)
	}
}
