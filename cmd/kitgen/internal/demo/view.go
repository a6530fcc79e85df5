package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// view shows the run while it goes on: a table that redraws itself on a
// terminal, plain lines elsewhere.
type view struct {
	w     io.Writer
	tty   bool
	begin time.Time
	drawn int // lines of the table that stand on the terminal
	next  time.Duration
}

func newView(w io.Writer, tty bool) *view { return &view{w: w, tty: tty, begin: time.Now()} }

// say prints one line of progress, above the table if there is one.
func (v *view) say(format string, args ...any) {
	v.erase()
	fmt.Fprintf(v.w, "%6.1f s  %s\n", time.Since(v.begin).Seconds(), fmt.Sprintf(format, args...))
}

func (v *view) erase() {
	if v.drawn > 0 {
		fmt.Fprintf(v.w, "\x1b[%dA\x1b[J", v.drawn)
		v.drawn = 0
	}
}

// draw shows the fleet. It is called for every sample and thins them out.
func (v *view) draw(h *history, replicas []replica) {
	now := msDuration(h.last.Ms)
	if now < v.next {
		return
	}
	if !v.tty {
		v.next = now + 2*time.Second
		v.say("%6d calls  %d failed  %d retries  p50 %.1f ms  p99 %.1f ms", h.last.Calls, h.last.Failed, h.last.Retries, h.last.P50, h.last.P99)
		return
	}
	v.next = now + 100*time.Millisecond
	lines := table(h, replicas, now)
	v.erase()
	fmt.Fprint(v.w, strings.Join(lines, "\n"), "\n")
	v.drawn = len(lines)
}

// table is the live picture: one line per replica with its share of the last
// second.
func table(h *history, replicas []replica, now time.Duration) []string {
	s := h.last
	lines := []string{
		fmt.Sprintf("%4.1f s   calls %-7d failed %-4d retries %-5d p50 %.1f ms   p99 %.1f ms", now.Seconds(), s.Calls, s.Failed, s.Retries, s.P50, s.P99),
		fmt.Sprintf("%-10s %-8s %8s  %s", "replica", "state", "calls", "share of the last second"),
	}
	from := max(now-time.Second, 0)
	all := max(h.attempts(nil, from, now), 1)
	for _, r := range replicas {
		part := float64(h.attempts(r.addrs(), from, now)) / float64(all)
		lines = append(lines, fmt.Sprintf("%-10s %s %8d  %-40s %3.0f %%", r.name, r.status.paint(), h.total(r.addrs(), now), strings.Repeat("█", int(40*part+0.5)), 100*part))
	}
	return lines
}

// paint colours a status, padded to the width of its column.
func (s status) paint() string {
	code := map[status]int{up: 32, killed: 31, frozen: 36, leaving: 33, left: 90}[s]
	return fmt.Sprintf("\x1b[%dm%-8s\x1b[0m", code, string(s))
}
