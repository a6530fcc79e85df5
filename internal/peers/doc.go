// Command peers measures what choosing an instance and what surrounds a call
// cost here and in the libraries that others use for it, in one process and one
// run:
//
//   - around: a call that does nothing and succeeds, with a policy around it, or
//     with all that a client has; a policy of ours has limits, and the report
//     says whether it keeps them
//   - pick: choose one of N instances; with what the choice hands out to be
//     told of the call's end, where there is such a thing
//   - call: the choice, a call that does nothing, and its end
//   - update: one instance more or one less, until a pick finds the new set
//   - stall: picks beside a hundred changes a second, and how many took long
//   - e2e: calls from a client to a server over loopback, by gRPC and by HTTP;
//     ours are generated, with all that is around them by default
//
// With -contention it measures something else: for what share of their time the
// callers of all that a client has wait for one another, and where.
//
// A machine drifts, so absolute figures of two runs are not to be compared. In
// every round all systems take turns in another order, and each is set against
// the floor, measured a moment before and after: the least that any
// implementation has to do. A figure is the median over the rounds, and so is
// the ratio.
//
// It is a module of its own, outside the workspace, because the peers' versions
// of their dependencies are nobody else's business. kitex needs
// -ldflags=-checklinkname=0; scripts/bench.sh builds and runs all.
package main
