package hedging

import (
	"sync"
	"testing"
	"time"
)

func TestShareInAnyTenSeconds(t *testing.T) {
	s := Share{Ratio: 0.2, PerSecond: 1}
	var calls, extras []time.Duration
	within := func(all []time.Duration, now time.Duration) (n int) {
		for _, at := range all {
			if at > now-10*time.Second {
				n++
			}
		}
		return n
	}
	for now := time.Duration(0); now < time.Minute; now += 10 * time.Millisecond {
		s.Deposit(now)
		calls = append(calls, now)
		if s.Withdraw(now) {
			extras = append(extras, now)
		}
		// A slot is a second: of the eleventh, a part is not counted any more.
		if got, most := within(extras, now), 0.2*float64(within(calls, now))+10; float64(got) > 1.1*most+1 {
			t.Fatalf("at %v: %d of %v", now, got, most)
		}
	}
	if got := float64(len(extras)) / float64(len(calls)); got < 0.2 || got > 0.22 {
		t.Errorf("%.3f per call, want 0.2 and a hundredth", got)
	}
}

func TestZeroShareAllowsNothing(t *testing.T) {
	var s Share
	s.Deposit(0)
	if s.Empty(0) {
		t.Error("empty before anybody asked")
	}
	if s.Withdraw(0) || !s.Empty(0) || s.Empty(2*time.Second) {
		t.Error("the zero Share allows something, or does not say that it refused")
	}
	if calls, extras, allowed := s.Stats(0); calls != 1 || extras != 0 || allowed != 0 {
		t.Errorf("%d %d %d", calls, extras, allowed)
	}
}

func TestGiveBack(t *testing.T) {
	s := Share{PerSecond: 0.1} // one in ten seconds
	if !s.Withdraw(0) || s.Withdraw(0) {
		t.Fatal("want one, and no second")
	}
	s.GiveBack(time.Second)
	if !s.Withdraw(time.Second) {
		t.Error("what was given back is lost")
	}
	s.GiveBack(time.Hour) // into a slot that nobody has counted in
	if calls, extras, _ := s.Stats(time.Hour); calls != 0 || extras != 0 {
		t.Errorf("%d %d", calls, extras)
	}
	s.Deposit(-time.Hour) // before the first moment: counts as then
	s.Deposit(time.Hour)
	s.GiveBack(time.Hour - 10*time.Second) // whose slot that one has taken
	s.Deposit(time.Hour - 10*time.Second)
	if calls, _, _ := s.Stats(time.Hour); calls != 1 {
		t.Errorf("%d calls: one is forgotten for another that is over", calls)
	}
}

func TestShareInParallel(t *testing.T) {
	s := Share{Ratio: 0.5}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				now := time.Duration(i) * time.Millisecond / 2
				s.Deposit(now)
				s.Withdraw(now)
				s.Empty(now)
			}
		})
	}
	wg.Wait()
	calls, extras, allowed := s.Stats(time.Second / 2)
	if calls != 8000 || allowed != 4000 || extras > allowed || extras < allowed/2 {
		t.Errorf("%d calls had %d of %d", calls, extras, allowed)
	}
}
