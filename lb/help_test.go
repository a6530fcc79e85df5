package lb_test

import (
	"testing"
	"time"

	"github.com/kitgen/kitgen/lb"
)

// waitConnected waits until n nodes of p are connected.
func waitConnected(tb testing.TB, p *lb.Pool, n int) {
	tb.Helper()
	waitFor(tb, func() bool {
		connected := 0
		for _, s := range p.Nodes() {
			if s.Connected {
				connected++
			}
		}
		return connected == n
	})
}

// waitFor polls for what happens on another goroutine. The limit is not
// asserted: it only ends a test that would hang.
func waitFor(tb testing.TB, ok func() bool) {
	tb.Helper()
	for limit := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			tb.Fatal("it did not happen within 30 s")
		}
	}
}
