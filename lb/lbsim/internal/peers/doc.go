// Package peers has the balancers of other projects, restated from their source
// for package sim, so that ours are measured beside them in the same scenarios.
// Nothing of it is for use outside of the simulator.
//
// To add one, implement balancer and list it in All. What is restated is which
// server is picked and what a call's end is taken to mean: locks, caches of
// connections and log lines are left out, and so are the peers' breakers and
// ejections, which stand beside their balancers as ours do. Where a project tells
// failures apart, every failure of a simulated call is of the kind that it counts.
package peers
