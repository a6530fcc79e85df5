package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// play tries a row made up of run, on a fake clock.
func play(t *testing.T, run func(*trial)) (res result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := row{name: "made up", bound: time.Second, run: run}
		res = try(t.Context(), r, length{overtime: 3 * time.Second, stretch: 1}, t.Output())
	})
	return res
}

// after is a condition that holds from d after its first question on.
func after(d time.Duration) func() bool {
	var first time.Time
	return func() bool {
		if first.IsZero() {
			first = time.Now()
		}
		return time.Since(first) >= d
	}
}

func TestWithinMeasures(t *testing.T) {
	res := play(t, func(t *trial) {
		t.fault("break", func() error { return nil })
		t.last(time.Minute)
		t.heal("mend", func() error { return nil })
		t.within(time.Second, "one", after(200*time.Millisecond))
		t.within(time.Second, "the slowest", after(500*time.Millisecond))
		t.within(5*time.Second, "another bound, which is not the row's", after(2*time.Second))
	})
	if res.failed() || res.MeasuredMS != 700 {
		t.Errorf("measured %d ms (%v), want 700: 200 and then 500 after the mend", res.MeasuredMS, res.Violations)
	}
}

func TestWithinMissesItsBound(t *testing.T) {
	res := play(t, func(t *trial) {
		t.strike("break", func() error { return nil })
		t.within(time.Second, "it is late", after(2*time.Second))
		t.note("reached")
	})
	if !res.failed() || res.MeasuredMS != 2000 || !strings.Contains(res.Violations[0], "it is late after 2s, bound 1s") || len(res.Notes) != 1 {
		t.Errorf("result %+v; want a miss of 2 s, and the row to go on", res)
	}
}

func TestRowsEndWhereTheyFail(t *testing.T) {
	never := func() bool { return false }
	for name, tt := range map[string]struct {
		run  func(*trial)
		want string
	}{
		"condition that never holds": {func(t *trial) { t.strike("break", none); t.within(time.Second, "it heals", never) }, "it heals (bound 1s)"},
		"eventually":                 {func(t *trial) { t.eventually("it heals", never) }, "not even after 2m0s: it heals"},
		"never":                      {func(t *trial) { t.never(time.Minute, "it came", after(time.Second)) }, "it came"},
		"must":                       {func(t *trial) { t.must(errors.New("no etcd")) }, "no etcd"},
		"fault that cannot be done":  {func(t *trial) { t.fault("freeze", func() error { return errors.New("no etcd") }) }, "freeze: no etcd"},
	} {
		res := play(t, func(t *trial) {
			tt.run(t)
			t.violate("it went on")
		})
		if len(res.Violations) != 1 || !strings.Contains(res.Violations[0], tt.want) {
			t.Errorf("%s: violations %q; want only %q", name, res.Violations, tt.want)
		}
	}
}

func none() error { return nil }

func TestRowIsEndedFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("killed after a minute"))
		defer cancel()
		res := try(ctx, row{run: func(t *trial) { t.last(time.Hour) }}, length{stretch: 1}, t.Output())
		if len(res.Violations) != 1 || !strings.Contains(res.Violations[0], "killed after a minute") {
			t.Errorf("violations %q; want why it was ended", res.Violations)
		}
	})
}

func TestCleanUpIsLastInFirstOut(t *testing.T) {
	var order []string
	res := play(t, func(t *trial) {
		t.later(func() error { order = append(order, "registry"); return errors.New("it hangs") })
		t.later(func() error { order = append(order, "consumer"); return nil })
		t.fail("the row failed")
	})
	if got := strings.Join(order, " "); got != "consumer registry" {
		t.Errorf("cleaned up in the order %q", got)
	}
	if len(res.Violations) != 2 || res.Violations[1] != "clean up: it hangs" {
		t.Errorf("violations %q; want that of the row and that of the clean-up", res.Violations)
	}
}
