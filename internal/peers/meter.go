package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// meter times loops.
type meter struct {
	span time.Duration // how long one measurement is to take
}

// guess is from how long on a trial's speed is believed.
const guess = 200 * time.Microsecond

// speed returns about how many nanoseconds one operation takes, and warms it up.
func (m meter) speed(loop func(ops int) error) (float64, error) {
	for ops := 1; ; ops *= 4 {
		took, err := timed(loop, 1, ops)
		if err != nil {
			return 0, err
		}
		if took >= guess || ops >= 1<<24 {
			return float64(took) / float64(ops), nil
		}
	}
}

// ops is how many operations fill the span.
func (m meter) ops(ns float64) int {
	return max(1, int(float64(m.span)/max(ns, 0.1)))
}

// measure returns the nanoseconds per operation when so many goroutines share
// ops of them: the time that passed, by all that was done in it.
func (m meter) measure(loop func(ops int) error, goroutines, ops int) (float64, error) {
	each := max(1, ops/goroutines)
	took, err := timed(loop, goroutines, each)
	return float64(took) / float64(each*goroutines), err
}

// timed runs loop in so many goroutines at once, each with so many operations.
func timed(loop func(ops int) error, goroutines, each int) (time.Duration, error) {
	loop = guarded(loop)
	if goroutines == 1 {
		start := time.Now()
		err := loop(each)
		return time.Since(start), err
	}
	var (
		wg    sync.WaitGroup
		begin = make(chan struct{})
		errs  = make(chan error, goroutines)
	)
	for range goroutines {
		wg.Go(func() {
			<-begin
			errs <- loop(each)
		})
	}
	start := time.Now()
	close(begin)
	wg.Wait()
	took := time.Since(start)
	for range goroutines {
		if err := <-errs; err != nil {
			return took, err
		}
	}
	return took, nil
}

// guarded makes an error of a peer's panic, so that one does not cost the
// figures of all.
func guarded(loop func(ops int) error) func(ops int) error {
	return func(ops int) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		return loop(ops)
	}
}

// memory is what an operation allocates.
type memory struct{ allocs, bytes int }

// allocs returns how often an operation allocates, and how much. What others do
// in the background is lost in the rounding, as with package testing.
func allocs(loop func(ops int) error, ops int) (memory, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := guarded(loop)(ops)
	runtime.ReadMemStats(&after)
	return memory{
		allocs: int(after.Mallocs-before.Mallocs) / ops,
		bytes:  int(after.TotalAlloc-before.TotalAlloc) / ops,
	}, err
}
