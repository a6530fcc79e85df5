package main

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// said is what every caller says: a hundred bytes.
var said = strings.Repeat("0123456789", 10) //nolint:gochecknoglobals // a constant, as far as Go has them

// talk is what a measurement of calls end to end found.
type talk struct {
	ns          float64 // time by calls
	p50, p99    float64 // in ns
	allocs      float64 // of client and server, by calls
	bytes, cpuN float64 // the same; cpuN in ns, 0 if it is not known
}

// mean is what the floor took meanwhile, of which t is before and after after.
func (t talk) mean(after talk) talk {
	return talk{
		ns: (t.ns + after.ns) / 2, p50: (t.p50 + after.p50) / 2, p99: (t.p99 + after.p99) / 2,
		allocs: (t.allocs + after.allocs) / 2, bytes: (t.bytes + after.bytes) / 2, cpuN: (t.cpuN + after.cpuN) / 2,
	}
}

// talker times calls end to end. Its memory is kept, so that it does not count.
type talker struct {
	span time.Duration // of one measurement
	took [][]time.Duration
}

// manyCalls is for how many calls of one caller there is room from the start.
const manyCalls = 1 << 15

// once has so many callers call at once until the span is over.
func (t *talker) once(call echoed, callers int) (talk, error) {
	for len(t.took) < callers {
		t.took = append(t.took, make([]time.Duration, 0, manyCalls/(1+len(t.took)))) // more callers, fewer calls of each
	}
	errs := make([]error, callers)
	var wg sync.WaitGroup
	var before, after runtime.MemStats
	begin := make(chan time.Time)
	for i := range callers {
		wg.Go(func() {
			t.took[i], errs[i] = calling(call, <-begin, t.span, t.took[i][:0])
		})
	}
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	for range callers {
		begin <- start
	}
	wg.Wait()
	took := time.Since(start)
	cpu = cpuTime() - cpu
	runtime.ReadMemStats(&after)
	for _, err := range errs {
		if err != nil {
			return talk{}, err
		}
	}
	all := slices.Concat(t.took[:callers]...)
	slices.Sort(all)
	n := float64(len(all))
	return talk{
		ns: float64(took) / n, p50: float64(all[len(all)/2]), p99: float64(all[len(all)*99/100]),
		allocs: float64(after.Mallocs-before.Mallocs) / n, bytes: float64(after.TotalAlloc-before.TotalAlloc) / n,
		cpuN: float64(cpu) / n,
	}, nil
}

// calling calls until the span is over, at least once, and appends how long
// each call took.
func calling(call echoed, start time.Time, span time.Duration, took []time.Duration) ([]time.Duration, error) {
	ctx := context.Background()
	for last := time.Now(); ; {
		text, err := call(ctx, said)
		if err != nil {
			return took, err
		}
		if text != said {
			return took, errOtherAnswer
		}
		now := time.Now()
		took = append(took, now.Sub(last))
		last = now
		if now.Sub(start) >= span {
			return took, nil
		}
	}
}
