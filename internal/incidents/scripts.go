package main

import (
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
)

func incidents() []incident {
	return []incident{failing(), hanging(), storm(), overload(), tail(), leavers()}
}

// failing has one of five instances fail at once.
func failing() incident {
	return incident{
		name:   "failing",
		title:  "One of five instances fails every call, in a millisecond",
		note:   "400 calls a second, each 10 ms of work. Without: round robin, one attempt. With: breakers, adaptive, retries.",
		length: 12 * time.Second,
		fault:  fault{"fails", 3 * time.Second, 9 * time.Second},
		rate:   400,
		setUp: func(s *stage, guarded bool) (*client, error) {
			return s.five(guarded, middleware.ClientConfig{Retry: retry.Config{Idempotent: true}})
		},
		begin: func(s *stage) error { return s.first().order(failFast) },
		end:   func(s *stage) error { return s.first().order(well) },
		panels: func(r result) []panel {
			first := func(a attempt) bool { return a.first }
			return []panel{
				{caption: "calls that failed, per second", lines: both(r, func(r *run) []float64 { return r.rate(lost) })},
				{caption: "attempts at the one that fails, per second", lines: both(r, func(r *run) []float64 { return r.attemptRate(first) })},
			}
		},
		story: func(r result) string {
			return fmt.Sprintf("Failed during the fault: %s without, %s with.", percent(r.Without.Fault.lost()), percent(r.With.Fault.lost()))
		},
	}
}

// five starts five instances that take 10 ms for a call.
func (s *stage) five(guarded bool, cfg middleware.ClientConfig) (*client, error) {
	addrs, err := s.launch(5)
	if err != nil {
		return nil, err
	}
	if guarded {
		return s.use(withPolicies(s.counted(kithttpFactory), cfg, addrs...))
	}
	return s.use(withoutPolicies(s.counted(kithttpFactory), 1, addrs...), nil)
}

// hanging has one of five instances stop without a word.
func hanging() incident {
	return incident{
		name:   "hanging",
		title:  "One of five instances hangs: connections stay, and no answer comes",
		note:   "300 calls a second, each 10 ms of work; callers wait 2 s. Without: round robin, one attempt. With: attempts of 250 ms.",
		length: 13 * time.Second,
		fault:  fault{"SIGSTOP", 3 * time.Second, 9 * time.Second},
		rate:   300,
		setUp: func(s *stage, guarded bool) (*client, error) {
			return s.five(guarded, middleware.ClientConfig{Retry: retry.Config{Idempotent: true, AttemptTimeout: 250 * time.Millisecond}})
		},
		begin: func(s *stage) error { return s.first().freeze() },
		end:   func(s *stage) error { return s.first().thaw() },
		panels: func(r result) []panel {
			return []panel{
				{caption: "calls that failed, per second", lines: both(r, func(r *run) []float64 { return r.rate(lost) })},
				{caption: "p99 of how long callers waited, ms", log: true, lines: both(r, func(r *run) []float64 { return r.latency(0.99, 500*time.Millisecond) })},
			}
		},
		story: func(r result) string {
			return fmt.Sprintf("Failed during the fault: %s without, %s with; p99 %s and %s.",
				percent(r.Without.Fault.lost()), percent(r.With.Fault.lost()), millis(r.Without.Fault.P99), millis(r.With.Fault.P99))
		},
	}
}

// storm has the last of three services in a chain fail, and callers retry.
func storm() incident {
	return incident{
		name:   "storm",
		title:  "A retry storm: of three services in a chain, the last one fails for five seconds",
		note:   "100 calls a second, each 10 ms of work; the last service can do 500. Without: three attempts everywhere. With: budgets.",
		length: 16 * time.Second,
		fault:  fault{"the last service fails", 3 * time.Second, 8 * time.Second},
		rate:   100,
		setUp: func(s *stage, guarded bool) (*client, error) {
			// An attempt has time for three of the next service's.
			which := fmt.Sprintf("-guarded=%t", guarded)
			last, err := s.launch(1, "-workers", "5", which)
			if err != nil {
				return nil, err
			}
			middle, err := s.launch(1, "-next", last[0], "-attempt", "150ms", which)
			if err != nil {
				return nil, err
			}
			front, err := s.launch(1, "-next", middle[0], "-attempt", "500ms", which)
			if err != nil {
				return nil, err
			}
			return s.use(chained(guarded, 1600*time.Millisecond, front[0]))
		},
		begin: func(s *stage) error { return s.first().order(fail) },
		end:   func(s *stage) error { return s.first().order(well) },
		panels: func(r result) []panel {
			return []panel{
				{caption: "calls that reach the last service, per second", lines: both(r, (*run).bottomRate)},
				{caption: "calls answered, per second", lines: withOffered(r, func(r *run) []float64 { return r.rate(answered) })},
			}
		},
		story: func(r result) string {
			each := func(n numbers) float64 { return float64(n.Bottom) / float64(max(n.Calls, 1)) }
			return fmt.Sprintf("%.1f calls reach the last service for each without, %.1f with; well again %s, and %s.",
				each(r.Without.Fault), each(r.With.Fault), recovery(r.Without), recovery(r.With))
		},
	}
}

// overload has callers want twice what a service can do.
func overload() incident {
	return incident{
		name:   "overload",
		title:  "Overload: twice as many calls as the service can take",
		note:   "Two instances can do 250 calls a second between them; callers wait 2 s. Without: a queue. With: limits there, a throttle here.",
		length: 16 * time.Second,
		fault:  fault{"500 calls a second", 3 * time.Second, 9 * time.Second},
		rate:   125,
		peak:   500,
		setUp: func(s *stage, guarded bool) (*client, error) {
			addrs, err := s.launch(2, "-workers", "4", "-work", "32ms", fmt.Sprintf("-guarded=%t", guarded))
			if err != nil {
				return nil, err
			}
			if guarded {
				return s.use(withPolicies(s.counted(kithttpFactory), middleware.ClientConfig{
					Throttle: &throttle.Config{K: 1.2, Window: 10 * time.Second},
				}, addrs...))
			}
			return s.use(withoutPolicies(s.counted(kithttpFactory), 1, addrs...), nil)
		},
		panels: func(r result) []panel {
			return []panel{
				{caption: "calls answered in time, per second", lines: withOffered(r, func(r *run) []float64 { return r.rate(answered) })},
				{caption: "p99 of how long callers waited, ms", log: true, lines: both(r, func(r *run) []float64 { return r.latency(0.99, 500*time.Millisecond) })},
			}
		},
		story: func(r result) string {
			seconds := 6.0
			return fmt.Sprintf("Answered per second of overload: %.0f without, %.0f with; well again %s, and %s.",
				float64(r.Without.Fault.Succeeded)/seconds, float64(r.With.Fault.Succeeded)/seconds, recovery(r.Without), recovery(r.With))
		},
	}
}

// tail has one call in a hundred take half a second.
func tail() incident {
	return incident{
		name:   "tail",
		title:  "A slow tail: one call in a hundred takes half a second instead of 10 ms",
		note:   "400 calls a second, at five instances. With: a second attempt for calls that take longer than 98 % of the others.",
		length: 14 * time.Second,
		fault:  fault{"1 % of the calls are slow", 3 * time.Second, 11 * time.Second},
		rate:   400,
		setUp: func(s *stage, guarded bool) (*client, error) {
			return s.five(guarded, middleware.ClientConfig{Retry: retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}}})
		},
		begin: func(s *stage) error { return s.order(slow) },
		end:   func(s *stage) error { return s.order(well) },
		panels: func(r result) []panel {
			return []panel{
				{caption: "p99.9 of how long callers waited, ms, over 2 s", log: true, lines: both(r, func(r *run) []float64 { return r.latency(0.999, 2*time.Second) })},
				{caption: "calls that took longer than 250 ms, per second", lines: both(r, func(r *run) []float64 { return r.rate(long) })},
			}
		},
		story: func(r result) string {
			return fmt.Sprintf("p99.9 during the fault: %s without, %s with, at %.1f %% more calls.", millis(r.Without.Fault.P999), millis(r.With.Fault.P999),
				100*(float64(r.With.Fault.Attempts)/float64(max(r.With.Fault.Calls, 1))-1))
		},
	}
}

// leavers has half of the callers give up before their answer can be there.
func leavers() incident {
	return incident{
		name:   "leavers",
		title:  "Callers give up: half of them leave after 5 ms, and the service is well",
		note:   "400 calls a second, each 10 ms. Without: go-kit's middleware with gobreaker's own settings. With: leaving counts for nothing.",
		length: 12 * time.Second,
		fault:  fault{"half of the callers leave", 3 * time.Second, 9 * time.Second},
		rate:   400,
		leave:  true,
		setUp: func(s *stage, guarded bool) (*client, error) {
			addrs, err := s.launch(5)
			if err != nil {
				return nil, err
			}
			if guarded {
				return s.use(withPolicies(s.counted(kithttpFactory), middleware.ClientConfig{}, addrs...))
			}
			return s.use(withoutPolicies(goKitBreaker(s.counted(kithttpFactory)), 1, addrs...), nil)
		},
		panels: func(r result) []panel {
			return []panel{
				{caption: "calls of those who stay that are answered, per second", lines: withOffered(r, func(r *run) []float64 { return r.rate(answered) })},
			}
		},
		story: func(r result) string {
			return fmt.Sprintf("Of the calls of those who stay, failed in all: %s without, %s with.", percent(r.Without.All.lost()), percent(r.With.All.lost()))
		},
	}
}

func recovery(r *run) string {
	switch {
	case r.Recovered < 0:
		return "not while watched"
	case r.Recovered == 0:
		return "at once"
	}
	return fmt.Sprintf("after %.1f s", r.Recovered)
}
