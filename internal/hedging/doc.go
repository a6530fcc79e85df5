// Package hedging knows when the second attempt of a call is due, and how many
// calls may have one. middleware/retry asks it, and so does the simulator, whose
// clock is not the machine's: every method takes the time since any fixed moment,
// the same for all calls.
package hedging
