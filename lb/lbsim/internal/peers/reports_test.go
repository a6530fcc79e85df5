package peers

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

func TestORCAWeight(t *testing.T) {
	t.Parallel()
	var n orcaNode
	n.report(sim.Load{QPS: 100, EPS: 10, Utilisation: .4}, epoch)
	if n.weight != 200 { // 100 / (0.4 + 0.1)
		t.Errorf("weight %v, want 200", n.weight)
	}
	n.report(sim.Load{QPS: 0, Utilisation: .4}, epoch)
	n.report(sim.Load{QPS: 10, Utilisation: 0}, epoch)
	if n.weight != 200 {
		t.Errorf("weight %v after reports that say nothing", n.weight)
	}
}

// TestORCABlackout: ten seconds of reports before a weight counts, three minutes
// without until it does not, and ten seconds again.
func TestORCABlackout(t *testing.T) {
	t.Parallel()
	var w world
	b := newORCA(w.env(1)).(*orca)
	weight := func() float64 { return b.valid(w.now())[0] }
	for _, step := range []struct {
		wait   time.Duration
		report bool
		want   float64
	}{
		{0, false, 0},
		{0, true, 0},
		{orcaBlackout - 1, true, 0},
		{1, true, 200},
		{orcaExpiry - 1, false, 200},
		{1, false, 0},
		{0, true, 0},
		{orcaBlackout, true, 200},
	} {
		w.run(step.wait)
		if step.report {
			b.nodes[0].report(sim.Load{QPS: 100, Utilisation: .5}, w.now())
		}
		if got := weight(); got != step.want {
			t.Errorf("%+v: weight %v", step, got)
		}
	}
}

func TestORCAScales(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		weights []float64
		want    []uint16
	}{
		{[]float64{0, 0, 5}, nil},                                           // round robin
		{[]float64{5, 5, 0}, nil},                                           // all alike
		{[]float64{100, 50, 0}, []uint16{65535, 32768, 49151}},              // the unknown gets the mean
		{[]float64{1e6, 1, 1e6}, []uint16{65535, 0, 65535}},                 // starved, as in grpc-go
		{[]float64{200, 100, 100, 0}, []uint16{65535, 32768, 32768, 43690}}, //
	} {
		got := stride(c.weights)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.weights, diff)
		}
	}
}

func TestORCADealsByWeight(t *testing.T) {
	t.Parallel()
	var w world
	b := newORCA(w.env(3)).(*orca)
	b.weights = stride([]float64{4, 2, 1})
	counts := picks(b, 3, 7000)
	for i, want := range []float64{4000, 2000, 1000} {
		if math.Abs(float64(counts[i])-want) > 5 {
			t.Errorf("server %d was picked %d times of 7000, want %v", i, counts[i], want)
		}
	}
}

// TestORCARenewsItsWeights every second, without a timer.
func TestORCARenewsItsWeights(t *testing.T) {
	t.Parallel()
	var w world
	b := newORCA(w.env(2)).(*orca)
	for i, qps := range []float64{100, 300} {
		b.nodes[i] = orcaNode{weight: qps, since: w.now() - orcaBlackout, refreshed: w.now()}
	}
	w.run(orcaUpdate - 1)
	if b.pick(w.now()); b.weights != nil {
		t.Error("weights count before a second has passed")
	}
	w.run(1)
	b.pick(w.now())
	if diff := cmp.Diff([]uint16{21845, 65535}, b.weights); diff != "" {
		t.Error(diff)
	}
}

// TestReportsComeWithAnswers, also of calls that failed, but not of those that
// nobody answered.
func TestReportsComeWithAnswers(t *testing.T) {
	t.Parallel()
	var w world
	b := newDubboP2C(w.env(1)).(*dubboP2C)
	b.end(w.ended(0, 2*time.Second, true))
	if b.said[0] {
		t.Error("a timeout brought a report")
	}
	w.loads[0].RIF = 20
	b.end(w.ended(0, time.Millisecond, true))
	if !b.said[0] || b.remaining[0] != 30 {
		t.Errorf("a failure brought %d (%v), want 30", b.remaining[0], b.said[0])
	}
	w.loads[0].RIF = 70
	b.end(w.ended(0, time.Second, false))
	if b.remaining[0] != 0 {
		t.Errorf("a full server has room for %d", b.remaining[0])
	}
}

func TestDubboP2CDrawsDifferent(t *testing.T) {
	t.Parallel()
	var w world
	env := w.env(3)
	b := newDubboP2C(env).(*dubboP2C)
	b.said = []bool{true, true, true}
	b.remaining = []int{10, 20, 30}
	counts := picks(b, 3, 9000)
	if counts[0] != 0 {
		t.Errorf("the fullest of three was picked %d times", counts[0])
	}
	near(t, "the emptiest", counts[2], 9000, 2./3)

	b.said[0] = false // and so wins whenever drawn first or beside another
	near(t, "the unknown", picks(b, 3, 9000)[0], 9000, 2./3)
}

func TestDubboP2CPrefersTheSecondOfEquals(t *testing.T) {
	t.Parallel()
	var w world
	b := newDubboP2C(w.env(2)).(*dubboP2C)
	b.said = []bool{true, true}
	if counts := picks(b, 2, 100); counts[1] != 100 {
		t.Errorf("picks of two equal servers: %v", counts)
	}
}
