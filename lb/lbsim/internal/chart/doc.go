// Package chart draws what the simulator measured: latencies by balancer and
// scenario, an outage over time, a black hole, and second attempts. A picture is
// one SVG that needs nothing else: it brings its light ground along, tells ours
// from others by weight as well as by colour, and says in words what it shows.
package chart
