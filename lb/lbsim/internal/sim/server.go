package sim

// server serves calls in the order of their arrival by workers of one speed.
type server struct {
	w       *world
	index   int
	workers []worker
	idle    []int32 // workers without work
	waiting queue[job]
	coming  int // calls on their way here

	base    float64   // speed without faults
	factors []float64 // one per fault of the scenario; 1 if it does nothing now
	speed   float64   // the product
	failing float64   // share of calls that fail at once
	leaving bool
	hung    bool
	held    int // calls that were taken while it hung

	gauge
}

// worker has one call at a time.
type worker struct {
	job
	busy  bool
	since int64  // when left was right
	stamp uint32 // of its event; those with another are void
}

// job is a call inside a server.
type job struct {
	call    ticket
	left    float64 // work, in nanoseconds at speed 1
	arrived int64
	rif     int32 // those that were there before
}

func newServer(w *world, index int, s Server, faults int) *server {
	sv := &server{w: w, index: index, base: s.Speed, speed: s.Speed}
	sv.workers = make([]worker, s.Workers)
	for i := range s.Workers {
		sv.idle = append(sv.idle, int32(s.Workers-1-i))
	}
	for range faults {
		sv.factors = append(sv.factors, 1)
	}
	return sv
}

// load is the number of calls inside. Those it will never answer count too: such
// a server is deadlocked, and still knows what it has taken.
func (s *server) load() int { return s.held + s.waiting.count + len(s.workers) - len(s.idle) }

// usable says whether a call sent here now can be answered well.
func (s *server) usable() bool { return !s.leaving && !s.hung && s.failing == 0 && s.speed > 0 }

// arrive takes a call.
func (s *server) arrive(t ticket, work float64) {
	switch {
	case s.hung:
		s.held++
		return
	case s.failing > 0 && s.w.coin.Float64() < s.failing:
		s.failed(s.w.now)
		s.w.send(&s.w.quick, failTakes+s.w.delay, message{call: t})
		return
	}
	j := job{t, work, s.w.now, int32(s.load())}
	if len(s.idle) > 0 {
		s.begin(j)
	} else {
		s.waiting.push(j)
	}
}

// begin gives a call to an idle worker.
func (s *server) begin(j job) {
	s.busy(s.w.now, len(s.workers)-len(s.idle), len(s.workers))
	i := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	wk := &s.workers[i]
	wk.job, wk.busy, wk.since = j, true, s.w.now
	s.plan(i)
}

// plan sets the event at which a worker will have finished, as things are now.
func (s *server) plan(i int32) {
	wk := &s.workers[i]
	wk.stamp++
	if s.speed > 0 {
		s.w.plan(event{at: s.w.now + int64(wk.left/s.speed), server: s, worker: i, stamp: wk.stamp})
	}
}

// finish ends the work of a worker.
func (s *server) finish(i int32, stamp uint32) {
	wk := &s.workers[i]
	if !wk.busy || wk.stamp != stamp {
		return
	}
	s.answered(s.w.now, wk.rif, s.w.now-wk.arrived)
	s.w.send(&s.w.answers, s.w.delay, message{call: wk.call})
	s.free(i)
}

// free lets a worker go on with whoever waits.
func (s *server) free(i int32) {
	s.busy(s.w.now, len(s.workers)-len(s.idle), len(s.workers))
	s.workers[i].busy = false
	s.idle = append(s.idle, i)
	if s.w.central != nil {
		s.w.assign()
		return
	}
	for s.waiting.count > 0 {
		if j := s.waiting.pop(); !s.w.Cancel || s.w.live(j.call) {
			s.begin(j)
			return
		}
	}
}

// abort stops the work on a call. One that waits is dropped when its turn comes.
func (s *server) abort(t ticket) {
	for i := range s.workers {
		if wk := &s.workers[i]; wk.busy && wk.call == t {
			wk.stamp++
			s.free(int32(i))
			return
		}
	}
}

// factor sets what a fault does to the speed.
func (s *server) factor(fault int, f float64) {
	s.factors[fault] = f
	old := s.speed
	s.speed = s.base
	for _, f := range s.factors {
		s.speed *= f
	}
	if s.speed == old {
		return
	}
	for i := range s.workers {
		if wk := &s.workers[i]; wk.busy {
			wk.left = max(wk.left-float64(s.w.now-wk.since)*old, 0)
			wk.since = s.w.now
			s.plan(int32(i))
		}
	}
	s.w.assign()
}

// lose forgets all calls inside: nobody will answer them.
func (s *server) lose() {
	s.busy(s.w.now, len(s.workers)-len(s.idle), len(s.workers))
	for s.waiting.count > 0 {
		s.waiting.pop()
		s.held++
	}
	for i := range s.workers {
		if wk := &s.workers[i]; wk.busy {
			s.held++
			wk.busy = false
			wk.stamp++
			s.idle = append(s.idle, int32(i))
		}
	}
}
