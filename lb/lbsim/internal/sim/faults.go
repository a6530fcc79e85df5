package sim

import "time"

// coldSteps is in how many steps a cold server warms up.
const coldSteps = 50

// strike plans a fault. i is its place in the scenario.
func (w *world) strike(i int, f Fault) {
	if f.Kind == Restarts {
		w.after(f.At, func() { w.roll(w.affected(f), f) })
		return
	}
	for _, s := range w.affected(f) {
		switch f.Kind {
		case Slow:
			w.between(f, func() { s.factor(i, f.Speed) }, func() { s.factor(i, 1) })
		case Cold:
			w.warm(i, s, f)
		case Fail:
			w.between(f, func() { s.fail(f.Share) }, func() { s.fail(0) })
		case Hang:
			w.between(f, func() { s.hung = true; s.lose() }, s.restart)
		case Antagonists:
			w.often(f, func() { s.factor(i, w.within(f.Depth)) }, func() { s.factor(i, 1) })
		case Pauses:
			w.often(f, func() { s.factor(i, 0) }, func() { s.factor(i, 1) })
		}
	}
}

func (w *world) affected(f Fault) []*server {
	if len(f.Servers) == 0 {
		return w.servers
	}
	var some []*server
	for _, n := range f.Servers {
		some = append(some, w.servers[n-1])
	}
	return some
}

func (s *server) fail(share float64) {
	s.failing = share
	s.w.assign()
}

// restart makes it a new process, which knows nothing of what the old one held.
func (s *server) restart() {
	s.hung, s.held = false, 0
	s.w.assign()
}

// between calls begin and end at the fault's times.
func (w *world) between(f Fault, begin, end func()) {
	w.after(f.At, begin)
	if f.For > 0 {
		w.after(f.At+f.For, end)
	}
}

func (w *world) warm(i int, s *server, f Fault) {
	for k := range coldSteps + 1 {
		speed := f.Speed + (1-f.Speed)*float64(k)/coldSteps
		w.after(f.At+f.For*time.Duration(k)/coldSteps, func() { s.factor(i, speed) })
	}
}

// often calls begin and, after a while, end, again and again: at random times
// that do not depend on each other. What begins before the last has ended takes
// its place.
func (w *world) often(f Fault, begin, end func()) {
	over := int64(f.At + f.For)
	if f.For == 0 {
		over = never
	}
	turn := 0
	var again func()
	again = func() {
		if w.now >= over {
			return
		}
		w.after(w.pause(f), again)
		turn++
		mine := turn
		begin()
		w.after(time.Duration(w.within(f.Last)*float64(time.Second)), func() {
			if mine == turn {
				end()
			}
		})
	}
	w.after(f.At+w.pause(f), again)
}

// pause draws the time to the next of many.
func (w *world) pause(f Fault) time.Duration {
	return time.Duration(w.chaos.ExpFloat64() * float64(f.Every))
}

// within draws from a range.
func (w *world) within(r Range) float64 { return r.From + (r.To-r.From)*w.chaos.Float64() }
