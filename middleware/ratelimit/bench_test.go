package ratelimit

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitratelimit "github.com/go-kit/kit/ratelimit"
	"golang.org/x/time/rate"
)

const ample = 1e9 // calls per second: as fast as they can

func TestAllocations(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg     Config
		through bool
		most    float64
	}{
		"one bucket":           {Config{Rate: ample}, true, 0},
		"keys":                 {Config{Rate: ample, Key: caller}, true, 0},
		"Allower":              {Config{Allower: rate.NewLimiter(ample, ample)}, true, 0},
		"one bucket, rejected": {Config{Rate: 1e-9}, false, 1},
		"keys, rejected":       {Config{Rate: 1e-9, Key: caller}, false, 1},
		"Allower, rejected":    {Config{Allower: rate.NewLimiter(0, 0)}, false, 0},
	} {
		call := New(tt.cfg)(endpoint.Nop)
		var request any = "ann"
		ctx := t.Context()
		_, _ = call(ctx, request)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := call(ctx, request); (err == nil) != tt.through {
				t.Fatalf("%s: %v", name, err)
			}
		}); n > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", name, n, tt.most)
		}
	}
}

func TestHoldsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	call := New(Config{Rate: 1000, Key: caller, MaxKeys: 100, MaxWait: time.Nanosecond})(endpoint.Nop)
	for i := range 1000 {
		through(t, call, 2, fmt.Sprint(i))
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// TestMemoryOfKeys holds the figure of the package's documentation.
func TestMemoryOfKeys(t *testing.T) {
	const n = 100_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	k := newKeys(n, newBucket)
	for i := range n {
		k.of(fmt.Sprintf("tenant-%08d", i))
	}
	each := float64(heap()-before) / n
	runtime.KeepAlive(k)
	t.Logf("%.0f bytes a key", each)
	if each > 300 {
		t.Errorf("%.0f bytes a key, the documentation says some 220", each)
	}
}

func BenchmarkCall(b *testing.B) {
	keyed := New(Config{Rate: ample, Key: caller})(endpoint.Nop)
	names := make([]any, 5000)
	for i := range names {
		names[i] = strings.Repeat("x", 16) + fmt.Sprint(i)
		_, _ = keyed(context.Background(), names[i])
	}
	for _, bm := range []struct {
		name string
		call endpoint.Endpoint
	}{
		{"one", New(Config{Rate: ample})(endpoint.Nop)},
		{"keys", keyed},
		{"Allower", New(Config{Allower: rate.NewLimiter(ample, ample)})(endpoint.Nop)},
		{"go-kit", kitratelimit.NewErroringLimiter(rate.NewLimiter(ample, ample))(endpoint.Nop)},
		{"rejected", New(Config{Rate: 1e-9})(endpoint.Nop)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			i := 0
			for b.Loop() {
				_, _ = bm.call(ctx, names[i])
				if i++; i == len(names) {
					i = 0
				}
			}
		})
		b.Run(bm.name+",parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				for i := 0; pb.Next(); i++ {
					_, _ = bm.call(ctx, names[i%len(names)])
				}
			})
		})
	}
}
