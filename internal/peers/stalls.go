package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	changeEvery = 10 * time.Millisecond  // a hundred changes a second
	slowPick    = 100 * time.Microsecond // what a pick should never take
)

// stalls picks beside changes, one system after the other, and counts the picks
// that took long. The floor has some as well: the machine does other things too.
func (r *run) stalls(n int, subjects []*subject) {
	subjects = slices.DeleteFunc(slices.Clone(subjects), func(s *subject) bool {
		return s.stall == nil || s.system != floorName && !r.wants(s.name("stall"))
	})
	if len(subjects) < 2 {
		return
	}
	start := time.Now()
	for range r.stallTurns {
		floor := 0.0
		for _, s := range subjects {
			picks, slow, changes, err := stall(s, r.stall)
			if err != nil {
				r.fail(s.name("stall"), n, err)
				continue
			}
			ns := float64(r.stall) / float64(picks)
			if s.system == floorName {
				floor = ns
			}
			got := r.rec.add(cell{s.name("stall"), n, 1}, ns, floor)
			got.isStall = true
			if of := r.rec.cells[cell{s.name("pick"), n, 1}]; of != nil {
				got.memory = of.memory // those of changes are not theirs
			}
			got.slow += slow
			got.changes += changes
		}
	}
	fmt.Fprintf(r.out, "bench: %d instances: picks beside changes measured in %.0f s\n", n, time.Since(start).Seconds())
}

// stall picks for the time given, while another goroutine changes the set.
func stall(s *subject, span time.Duration) (picks, slow, changes int, err error) {
	ctx, stop := context.WithTimeout(context.Background(), span)
	defer stop()
	var wg sync.WaitGroup
	var changeErr error
	wg.Go(func() { changes, changeErr = keepChanging(ctx, s) })
	pick := guarded(s.stall)
	for begun, last := time.Now(), time.Duration(0); last < span && err == nil; picks++ {
		err = pick(1)
		now := time.Since(begun)
		if now-last > slowPick {
			slow++
		}
		last = now
	}
	stop()
	wg.Wait()
	if err == nil {
		err = changeErr
	}
	return picks, slow, changes, err
}

// keepChanging adds and removes an instance in turns, and leaves none behind.
func keepChanging(ctx context.Context, s *subject) (changes int, err error) {
	tick := time.NewTicker(changeEvery)
	defer tick.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			if changes%2 == 1 {
				err = s.remove()
			}
			return changes, err
		case <-tick.C:
			if changes%2 == 0 {
				err = s.add()
			} else {
				err = s.remove()
			}
			changes++
		}
	}
	return changes, err
}
