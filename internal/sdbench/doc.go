// Package sdbench has the benchmarks of discovery as a whole, against real
// servers: how long a change takes from the call that makes it to the set of
// somebody who is subscribed, beside the registry's own client in the same run;
// and what ten thousand instances of one service cost.
//
//	go test -run '^$' -bench . ./internal/sdbench
//
// It has no code besides.
package sdbench
