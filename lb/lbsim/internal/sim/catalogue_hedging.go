package sim

import "time"

// Hedging returns the scenarios H1 to H4, in which calls may have second attempts:
// see Hedges. How long a call takes a worker is the call's own, so that its second
// attempt takes as long, but for hiccups, which are the attempt's: Gardner,
// Harchol-Balter and Scheller-Wolf, "A Better Model for Job Redundancy" (MASCOTS
// 2016). Were all of it the attempt's, every second one would gain, and a study of
// it would show nothing else. Servers work on for those who have left, as an HTTP
// or gRPC handler does that does not look at its context; only in H3b they stop.
func Hedging() []Scenario {
	h1 := twenty("H1", "an attempt in a hundred takes 50 times as long, load 0.6", .6/1.49)
	h1.Hiccups = &Hiccups{Share: .01, Factor: 50}

	h2 := twenty("H2", "one of 20 pauses for 100 to 300 ms every second, load 0.6", .6)
	h2.Faults = []Fault{{Kind: Pauses, Servers: []int{1}, Last: Range{.1, .3}, Every: second}}

	h3b := twenty("H3b", "the same, and servers stop work that nobody waits for", .95)
	h3b.Abort = true

	h4 := twenty("H4", "all at once are three times as slow for 5 s, load 0.25", .25)
	h4.Faults = []Fault{{Kind: Slow, At: 10 * second, For: 5 * second, Speed: 1. / 3}}

	all := []Scenario{
		h1, h2, twenty("H3", "hardly any room, load 0.95", .95), h3b,
		twenty("H3c", "overload: 1.05 times what the servers can do", 1.05), h4,
	}
	for i := range all {
		all[i].Hedging, all[i].Length = true, 20*time.Second
	}
	return all
}
