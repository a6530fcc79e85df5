// Package load is how a server tells its clients how busy it is: a Meter
// counts and remembers, a Report is what it says, in the words of one header
// on every wire, and With and Deliver carry a report that came with a response
// from the transport up to the balancer that picked the instance.
//
// It is the server's half of Prequal (Wydrowski, Kleinberg, Rumble and Archer,
// "Load is not what you should balance", NSDI 2024). The balancer is lb.Probing.
package load
