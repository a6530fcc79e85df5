package sim

import (
	"slices"
	"time"
)

// Result is what came of one run, of the calls that began after the warm-up.
type Result struct {
	Scenario, Policy string
	Seed             uint64

	Calls, Succeeded, Failed, TimedOut int

	// Of all calls but the failed ones; those that timed out took as long as the timeout.
	Mean, P50, P99, P999 time.Duration

	ErrorShare float64 // failed and timed out, of all; in [0, 1]
	Goodput    float64 // successes a second
	Imbalance  float64 // calls of the server with the most of them, over the mean
	Watched    float64 // share of the watched server; in [0, 1]
	Messages   float64 // beyond the calls, per call
	Extra      float64 // second attempts, per call
	Won        float64 // of these, the share that was first to succeed; in [0, 1]

	// Of the watched server, if its fault ends: how long until it has 80 % of its
	// fair share for a second (Back; negative if never), and what it has from 5 s
	// after the fault to the end.
	Back      time.Duration
	Recovered float64
	Fair      float64 // the share it ought to have

	Windows []Window // quarters of a second, from the warm-up's end
}

func (w *world) result(policy string, seed uint64) Result {
	t := &w.tally
	r := Result{
		Scenario: w.Name, Policy: policy, Seed: seed,
		Calls: t.began, Succeeded: t.ended[succeeded], Failed: t.ended[failed], TimedOut: t.ended[timedOut],
		Mean: t.latency.mean(), P50: t.latency.quantile(.5), P99: t.latency.quantile(.99), P999: t.latency.quantile(.999),
		Goodput: float64(t.ended[succeeded]) / w.Length.Seconds(),
		Windows: t.windows,
	}
	if t.began > 0 {
		r.ErrorShare = float64(r.Failed+r.TimedOut) / float64(t.began)
		r.Messages = float64(t.messages) / float64(t.began)
		r.Extra = float64(t.extra) / float64(t.began)
		r.Won = float64(t.won) / float64(max(t.extra, 1))
	}
	picks := 0
	for _, n := range t.picked {
		picks += n
	}
	if picks > 0 {
		r.Imbalance = float64(slices.Max(t.picked)) * float64(len(t.picked)) / float64(picks)
		if t.watch >= 0 {
			r.Watched = float64(t.picked[t.watch]) / float64(picks)
		}
	}
	w.recovery(&r)
	return r
}

// recovery fills in how the watched server came back.
func (w *world) recovery(r *Result) {
	end := w.recovers()
	if end == 0 {
		return
	}
	r.Fair = w.fair()
	first := int((end - w.Warmup) / windowLength)
	all, watched := 0, 0
	for i := first + int(5*time.Second/windowLength); i < len(r.Windows); i++ {
		all += r.Windows[i].All
		watched += r.Windows[i].Watched
	}
	if all > 0 {
		r.Recovered = float64(watched) / float64(all)
	}
	const second = int(time.Second / windowLength)
	r.Back = -1
	for i := first; i+second <= len(r.Windows); i++ {
		all, watched := 0, 0
		for _, win := range r.Windows[i : i+second] {
			all += win.All
			watched += win.Watched
		}
		if float64(watched) >= .8*r.Fair*float64(all) {
			r.Back = time.Duration(i-first) * windowLength
			return
		}
	}
}

// recovers returns when the last fault of the watched server ends; 0 if none does.
func (sc *Scenario) recovers() time.Duration {
	end := time.Duration(0)
	for _, f := range sc.Faults {
		if f.For > 0 && sc.Watch > 0 && slices.Contains(f.Servers, sc.Watch) {
			end = max(end, f.At+f.For)
		}
	}
	return end
}

// fair is the watched server's part in the capacity of all.
func (sc *Scenario) fair() float64 {
	all := 0.0
	for _, s := range sc.Servers {
		all += float64(s.Workers) * s.Speed
	}
	s := sc.Servers[sc.Watch-1]
	return float64(s.Workers) * s.Speed / all
}
