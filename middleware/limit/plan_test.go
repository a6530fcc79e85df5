package limit

import (
	"testing"
	"time"
)

// TestAlarmIsOfWindowsInARow: one in which nobody ran into the limit lies between.
func TestAlarmIsOfWindowsInARow(t *testing.T) {
	const base = 10 * time.Millisecond
	s := newServer(Config{})
	p := plan{limit: 100, base: base, probe: time.Hour}
	next := func(latency time.Duration, full bool) {
		w := &window{plan: p}
		w.full.Store(full)
		p = s.plan(w, latency, time.Minute)
	}
	next(10*base, true)
	next(base, false)
	next(10*base, true)
	if p.top.limit > 0 {
		t.Error("base is looked at after one window in a row that wants a lower limit")
	}
	next(10*base, true)
	if p.top.limit == 0 {
		t.Error("base is not looked at after two")
	}
}
