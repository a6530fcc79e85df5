package peers

import (
	"testing"
	"time"
)

func TestKratosLoad(t *testing.T) {
	t.Parallel()
	var w world
	n := &kratosNode{inflight: 2, success: 1000}
	if got := n.load(w.now()); got != 200_000 {
		t.Errorf("load of an unknown server with one call: %d", got)
	}
	n.lag = 10 * time.Millisecond // √(1e7+5e6) = 3872.98…
	if got := n.load(w.now()); got != 2*3872 {
		t.Errorf("load at 10 ms: %d", got)
	}
	if got, want := n.score(w.now()), 1e7/(2*3872); got != want {
		t.Errorf("score %v, want %v", got, want)
	}
	n.inflight = 1
	w.run(kratosCache - 1)
	if got, want := n.score(w.now()), 1e7/(2*3872); got != want {
		t.Errorf("score %v before 5 ms have passed, want the old %v", got, want)
	}
	w.run(1)
	if got, want := n.score(w.now()), 1e7/3872; got != want {
		t.Errorf("score %v after 5 ms, want %v", got, want)
	}
}

// TestKratosPredicts from calls in flight, if more than half are late.
func TestKratosPredicts(t *testing.T) {
	t.Parallel()
	var w world
	now := w.now()
	n := &kratosNode{lag: 10 * time.Millisecond}
	n.starts[3], n.starts[7] = now-30*time.Millisecond, now-5*time.Millisecond
	if got := n.predict(now); got != 0 {
		t.Errorf("predicts %v from one late call of two", got)
	}
	n.starts[150] = now - 50*time.Millisecond
	if got := n.predict(now); got != 40*time.Millisecond {
		t.Errorf("predicts %v from late calls of 30 and 50 ms", got)
	}
}

func TestKratosRemembersWhatIsInFlight(t *testing.T) {
	t.Parallel()
	var w world
	b := newKratosP2C(w.env(1)).(*kratosP2C)
	n := &b.nodes[0]
	const calls = kratosSlots + 10 // more than there is room for
	for range calls {
		w.run(time.Microsecond)
		b.pick(w.now())
	}
	if n.inflight != 1+calls {
		t.Errorf("%d calls in flight, want %d", n.inflight-1, calls)
	}
	for i := range calls {
		b.end(call{0, epoch + time.Duration(i+1)*time.Microsecond, w.now(), false})
	}
	if n.inflight != 1 || n.starts != [kratosSlots]time.Duration{} {
		t.Error("something is in flight after all calls have ended")
	}
}

func TestKratosForcesAPick(t *testing.T) {
	t.Parallel()
	var w world
	b := newKratosP2C(w.env(2)).(*kratosP2C)
	for i, lag := range []time.Duration{time.Millisecond, time.Second} {
		b.nodes[i].lag, b.nodes[i].lastPick = lag, w.now()
	}
	pick := func() int {
		i := b.pick(w.now())
		b.end(w.ended(i, b.nodes[i].lag, false))
		return i
	}
	w.run(kratosForce)
	if i := pick(); i != 0 {
		t.Error("picks the slow server when it is not due yet")
	}
	w.run(1)
	if i := pick(); i != 1 {
		t.Error("does not pick the slow server after more than 3 s without")
	}
	if i := pick(); i != 0 {
		t.Error("forces a second pick at once")
	}
}
