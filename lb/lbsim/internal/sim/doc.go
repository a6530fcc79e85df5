// Package sim is a discrete-event simulator of clients that balance calls over
// servers. A run is single-threaded and repeats bit for bit from its seed. Ours
// are the balancers of package lb as they are shipped, on a virtual clock; any
// other becomes part of it by a Policy.
//
// Calls arrive in an open loop, so that a slow server does not slow down its
// callers and hide the wait; news travels with the calls, so that it is late;
// and no client knows what another has sent.
package sim
