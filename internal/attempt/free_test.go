package attempt

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestFreedAttemptOutlivesItsTimeout: a response's body may take longer than the
// attempt that opened it.
func TestFreedAttemptOutlivesItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, asked := range []bool{false, true} {
			att := StartWith(parent, Options{Timeout: time.Second, Streams: true})
			if asked {
				att.Done()
			}
			att.Free()
			time.Sleep(time.Hour)
			synctest.Wait()
			if att.Err() != nil {
				t.Errorf("asked %t: a freed attempt ended: %v", asked, att.Err())
			}
			att.End()
			if !errors.Is(att.Err(), context.Canceled) || TimedOut(att) {
				t.Errorf("asked %t: after End: %v", asked, att.Err())
			}
		}
		att := StartWith(parent, Options{Timeout: time.Second, Streams: true})
		att.Free()
		cancel()
		if !errors.Is(att.Err(), context.Canceled) {
			t.Errorf("the caller left, a freed attempt says %v", att.Err())
		}
		att.End()
	})
}

func TestStreamingAttemptTimesOutAsOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, asked := range []bool{false, true} {
			att := StartWith(t.Context(), Options{Timeout: time.Second, Streams: true})
			if asked {
				att.Done()
			}
			child, cancel := context.WithCancel(att)
			time.Sleep(time.Second)
			<-att.Done()
			synctest.Wait()
			if !errors.Is(att.Err(), context.DeadlineExceeded) || !TimedOut(att) || !TimedOut(child) || child.Err() == nil {
				t.Errorf("asked %t: %v, cause %v, child %v", asked, att.Err(), context.Cause(att), context.Cause(child))
			}
			cancel()
			att.End()
		}
	})
}

func TestEndingAttemptEndsWithoutATimeout(t *testing.T) {
	for _, asked := range []bool{false, true} {
		att := StartWith(t.Context(), Options{Ending: true})
		if asked {
			att.Done()
		}
		if att.Err() != nil {
			t.Error(att.Err())
		}
		att.End()
		<-att.Done()
		if !errors.Is(att.Err(), context.Canceled) {
			t.Errorf("asked %t: %v", asked, att.Err())
		}
	}
}

func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("out of time")
		ctx := Within(t.Context(), time.Second, cause)
		defer ctx.End()
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if !errors.Is(child.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(child), cause) {
			t.Errorf("%v, cause %v", child.Err(), context.Cause(child))
		}
		if free := Within(t.Context(), 0, cause); free.Done() != t.Context().Done() {
			t.Error("without a limit it is more than its parent")
		}
	})
}

func TestWithinIsOneAllocation(t *testing.T) {
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		c := Within(ctx, time.Minute, nil)
		_ = c.Err()
		c.End()
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
