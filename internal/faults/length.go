package main

import (
	"flag"
	"strconv"
	"time"
)

// length is for how long rows last, where they do not say so themselves.
type length struct {
	soak     time.Duration
	seed     int
	overtime time.Duration // how much longer than its bound a condition is waited for, so that a miss says by how much
	short    bool          // what rows do again and again, they do once, with few instances; see stretched
	stretch  int           // how many times slower than an idle one the machine may be: bounds are multiplied by it, rates divided
}

func (l *length) flags(flags *flag.FlagSet) {
	flags.DurationVar(&l.soak, "soak", time.Minute, "how long the random mix of faults lasts; 1h is a real one")
	flags.DurationVar(&l.overtime, "overtime", 20*time.Second, "how long a condition that misses its bound is waited for, to say by how much")
	flags.IntVar(&l.stretch, "stretch", 1, "multiplies bounds and divides rates, for a machine that has other things to do")
	flags.BoolVar(&l.short, "short", false, "what rows do again and again, they do once, with few instances")
	flags.IntVar(&l.seed, "seed", 1, "of the random mix of faults; the same one gives the same faults")
}

// stretched is a bound as the machine can be held to it. Short rows on one that has
// other things to do are a test's: there it matters that something happens, and not
// when.
func (l *length) stretched(bound time.Duration) time.Duration {
	bound *= time.Duration(l.stretch)
	if l.short && l.stretch > 1 {
		bound = max(bound, 30*time.Second)
	}
	return bound
}

// args is l as flags.
func (l *length) args() []string {
	return []string{
		"-soak", l.soak.String(), "-seed", strconv.Itoa(l.seed),
		"-overtime", l.overtime.String(), "-stretch", strconv.Itoa(max(1, l.stretch)), "-short=" + strconv.FormatBool(l.short),
	}
}
