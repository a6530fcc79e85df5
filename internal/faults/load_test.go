package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

// driven drives calls to a stand-in of the service for a while.
func driven(t *testing.T, rate int, d time.Duration, call func(context.Context) (string, error)) result {
	t.Helper()
	return play(t, func(t *trial) {
		t.consumer = &consumer{entrance: entrance{call: call}}
		t.drive(rate)
		t.last(d)
		t.load.stop()
		t.consumer = nil // there is nothing for the promises to look at
	})
}

func TestLoadIsOpen(t *testing.T) {
	res := driven(t, 100, 10*time.Second, func(context.Context) (string, error) {
		time.Sleep(time.Second) // a hundred are under way at any time
		return "a", nil
	})
	if res.Calls < 990 || res.Calls > 1000 || res.Failed != 0 {
		t.Errorf("%d calls, %d failed; want 100 a second however slow the answers", res.Calls, res.Failed)
	}
}

func TestLoadCountsFailures(t *testing.T) {
	n := 0
	res := driven(t, 1, 20*time.Second, func(context.Context) (string, error) {
		if n++; n%4 == 0 {
			return "", errors.New("refused")
		}
		return "a", nil
	})
	if res.Calls != 19 && res.Calls != 20 || res.Failed != res.Calls/4 {
		t.Errorf("%d of %d calls failed; want every fourth", res.Failed, res.Calls)
	}
}

func TestLoadThatNobodyAnswersHasFailed(t *testing.T) {
	res := driven(t, 1000, 20*time.Second, func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	if res.Failed != res.Calls || res.Calls < 19990 {
		t.Errorf("%d of %d calls failed; want all, those that nobody was free to make as well", res.Failed, res.Calls)
	}
}
