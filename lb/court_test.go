package lb

import (
	"testing"
	"time"
)

// Beside three who do well, what makes an outlier and what does not.
func TestVerdict(t *testing.T) {
	type past struct {
		good, bad, slow       float64
		fresh, failed, proved uint32
		probation             bool
	}
	fine := past{good: 1000}
	for _, c := range []struct {
		name   string
		past   past
		row    int32
		charge crime
		want   crime
	}{
		{"fine", fine, 0, innocent, innocent},
		{"unknown", past{}, 0, innocent, innocent},
		{"a row of five, that goes on", past{bad: 5, fresh: 1}, 5, innocent, failsInARow},
		{"a row of four", past{bad: 4, fresh: 1}, 4, innocent, innocent},
		{"a row of five, long ago", past{good: 1000, bad: 5}, 5, innocent, innocent},
		{"four failures, and no success for Wilson to doubt", past{bad: 4}, 0, innocent, innocent},
		{"five failures of ten", past{good: 5, bad: 5}, 0, innocent, failsOften},
		{"one failure of ten", past{good: 90, bad: 10}, 0, innocent, innocent},
		{"ten slow calls", past{good: 10, slow: 10}, 0, innocent, isSlow},
		{"nine slow calls", past{good: 9, slow: 9}, 0, innocent, innocent},
		{"slow and failing", past{good: 50, bad: 50, slow: 50}, 0, innocent, failsOften},
		{"on probation, one failure", past{probation: true, failed: 1}, 1, failsInARow, innocent},
		{"on probation, two failures", past{probation: true, failed: 2}, 2, failsInARow, failsInARow},
		{"on probation, two of eight", past{probation: true, failed: 2, proved: 6}, 0, failsOften, innocent},
		{"on probation, three of eight", past{probation: true, failed: 3, proved: 5}, 0, failsOften, failsOften},
	} {
		p := fixed(t, new(fleet), outliersOn(), letters(4)...)
		s := p.snap.Load()
		for i := range s.all {
			s.all[i].node.trial.good = fine.good
		}
		n := s.all[2].node
		x := n.trial
		x.good, x.bad, x.slow = c.past.good, c.past.bad, c.past.slow
		x.fresh, x.failed, x.proved, x.probation = c.past.fresh, c.past.failed, c.past.proved, c.past.probation
		n.trial.row.Store(c.row)
		n.trial.charge.Store(uint32(c.charge))
		court := p.outliers.assemble(s)
		if got := court.verdict(n); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Switched off, nothing of it makes an outlier.
func TestVerdictsSwitchedOff(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{Outliers: &OutlierConfig{Consecutive: -1, Margin: -1, LatencyFactor: -1}}, letters(4)...)
	s := p.snap.Load()
	for i := range s.all {
		s.all[i].node.trial.good = 1000
	}
	n := s.all[2].node
	n.trial.good, n.trial.bad, n.trial.slow, n.trial.fresh = 50, 50, 50, 50
	n.trial.row.Store(50)
	c := p.outliers.assemble(s)
	if got := c.verdict(n); got != innocent {
		t.Errorf("%q", got)
	}
	n.latency.store(1e12)
	if p.outliers.slowFrom.load() != 0 {
		t.Error("calls can be slow")
	}
}

// Where only one can be spared, it is the worst.
func TestTheWorstGoesFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(at(letters(5)...)...), new(fleet), PoolConfig{Outliers: &OutlierConfig{MaxEjected: 0.2}})
		s := p.snap.Load()
		for i := range s.all {
			s.all[i].node.trial.good = 1000
		}
		s.all[0].node.trial.bad = 400
		s.all[2].node.trial.good, s.all[2].node.trial.bad = 10, 40
		time.Sleep(time.Second)
		p.relax(p.now())
		for i := range s.all {
			if got := s.all[i].node.trial.out(); got != (i == 2) {
				t.Errorf("%s is ejected: %v", s.all[i].in.ID, got)
			}
		}
	})
}

// Who is pardoned was ejected by mistake, and has not succeeded yet; who returns
// begins anew.
func TestPardonAndReturn(t *testing.T) {
	p := fixed(t, new(fleet), outliersOn(), "a", "b")
	n, cfg := nodeOf(t, p, "a"), &p.outliers.cfg
	n.trial.row.Store(7)
	n.trial.bad = 7
	n.eject(failsInARow, p.now(), cfg, p)
	n.pardon(p.now())
	if x := n.trial; x.out() || !n.usable(0) || x.times != 0 || x.row.Load() != 7 || x.bad != 7 || x.probation {
		t.Errorf("pardoned, it is %+v", p.Nodes()[0])
	}
	n.eject(failsInARow, p.now(), cfg, p)
	n.readmit(p.now())
	if x := n.trial; x.out() || !n.usable(0) || x.times != 1 || x.row.Load() != 0 || x.bad != 0 || !x.probation {
		t.Errorf("returned, it is %+v", p.Nodes()[0])
	}
	n.trial.prove(5, 0, 0)
	if n.trial.probation {
		t.Error("five successes do not end its probation")
	}
}
