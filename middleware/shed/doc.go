// Package shed turns calls away from a server that has more to do than it can,
// those of low priority first, so that it goes on doing as much as it can.
//
//	handler = shed.New(shed.Config{})(handler)
//
//	          ┌── every Interval: CPU used? calls waited? ──┐
//	          ▼                                             │
//	call ──▶ share of its priority ──▶ service ──▶ ended ───┘ rate of what can be done
//	          │
//	          └─▶ ErrOverloaded, 429, with a time to come again
//
// # What overload is
//
// Either of two, so that neither has to be seen by the other:
//
//   - CPU: the average of the share in use (an exponential one, the latest
//     Interval for a half) is above MaxCPU. It is the share of what the process
//     may use: GOMAXPROCS, and the quota of each control group it is in (version
//     2 or 1), whichever share is greater. Without a quota a busy neighbour does
//     not count: turning our calls away would not make it less busy.
//   - Waiting: calls wait longer than MaxWait until they run, for two Intervals
//     in a row (or five times as long, for one). Inside the process nobody sees
//     how long a connection was in the kernel's queue. What can be seen honestly
//     is how long goroutines wait for the scheduler, which is the queue of
//     whatever wants CPU, and covers what the share of CPU does not: a machine
//     that gives the process less than it may use. And Config.Arrived tells when
//     a call came, if somebody in front stamped it. Of that the shortest wait in
//     an Interval counts, as in CoDel (Nichols and Jacobson, 2012; "Fail at
//     scale", Maurer, 2015): bursts make long waits, only a standing queue makes
//     all of them long.
//
// That calls take longer than they used to is not looked at: package limit does.
//
// # What is done
//
// Under overload the rate at which calls ended lately (averaged likewise) is what
// can be done, so the budget is that rate times
//
//	MaxCPU / CPU                             for CPU
//	1 - (wait - MaxWait) / (2 * Interval)    for waiting; at least a quarter
//
// where the second empties the queue in two Intervals, and costs no throughput,
// since until it is empty there is work. When overload ends the budget grows by a
// tenth per Interval, and when it exceeds what comes, all are let in.
//
// The budget is for Critical calls first, then Normal, then Sheddable. The
// priority that it does not suffice for is let in by chance, in proportion, so
// that there is no threshold to flap over. This is DAGOR's admission level (Zhou
// et al., "Overload Control for Scaling WeChat Microservices", 2018) with three
// levels, where the share within a level is exact at once, rather than found by
// steps of 5 %.
//
// # Retries
//
// A rejection says RetryAfter, one to three Intervals, by chance: calls that were
// turned away together and were told the same would come again together, as the
// next overload.
//
// # How to extend it, and what it does not do
//
// Config.CPU and Config.Wait may be anything else that tells a share in use and a
// time of waiting: of a pool of connections, of memory. Config.Priority may look
// at the request.
//
// Time passes when somebody calls: the call that finds an Interval over looks at
// CPU and waiting (some 40 µs), and there is no goroutine, timer or lock. If
// nobody called for ten Intervals, what was seen is forgotten. The price is that a
// server which gets less than a call every ten Intervals never sheds.
//
// Work that no call asked for uses CPU too, and turning calls away does not end
// it. A process that does much of it should give a Config.CPU that leaves it out.
//
// A priority does not travel over the wire by itself, and a call that was let in
// is never stopped. A caller that needs several calls for one piece of work may
// have one of them turned away; give the later ones a higher priority.
package shed
