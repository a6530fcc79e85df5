package sim

import "time"

// outcome is how a call ended at its client.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	timedOut
)

// windowLength is that of Result.Windows.
const windowLength = 250 * time.Millisecond

// tally counts what is measured, which begins after the warm-up.
type tally struct {
	from     int64
	watch    int // server, from 0; -1 if none
	began    int
	ended    [3]int
	latency  histogram // without failures
	picked   []int     // by server
	windows  []Window
	messages int
	extra    int // second attempts
	won      int // those that ended their call with a success
}

// Window is what was picked in a quarter of a second.
type Window struct{ All, Watched int }

func (t *tally) begins(now int64) {
	if now >= t.from {
		t.began++
	}
}

func (t *tally) picks(now int64, server int) {
	if now < t.from {
		return
	}
	t.picked[server]++
	i := int((now - t.from) / int64(windowLength))
	for i >= len(t.windows) {
		t.windows = append(t.windows, Window{})
	}
	t.windows[i].All++
	if server == t.watch {
		t.windows[i].Watched++
	}
}

func (t *tally) ends(began, now int64, how outcome) {
	if began < t.from {
		return
	}
	t.ended[how]++
	if how != failed {
		t.latency.add(time.Duration(now - began))
	}
}

// counts adds one to a counter if its call is counted.
func (t *tally) counts(counter *int, began int64) {
	if began >= t.from {
		*counter++
	}
}
