package kithttp

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// unusedGrace is how long after its accept a connection may still bring its
// first request to a server that has stopped accepting.
const unusedGrace = 500 * time.Millisecond

// unused is the connections on which nothing was asked yet: those that were
// dialled a moment ago, to ask something, and those that a client's pool has
// dialled ahead of need. http.Server.Shutdown tells them from one another by
// waiting five seconds for each, and then answers none.
type unused struct{ since sync.Map } // net.Conn → time.Time

// note is an http.Server's ConnState.
func (u *unused) note(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		u.since.Store(c, time.Now())
	} else {
		u.since.Delete(c)
	}
}

// settle returns when every connection has been used, or closed after its
// grace. No new ones may come meanwhile.
func (u *unused) settle(ctx context.Context) {
	tick := time.NewTicker(unusedGrace / 20)
	defer tick.Stop()
	for u.close(unusedGrace) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			u.close(0)
			return
		}
	}
}

// close closes those that have been unused for d, and counts the others.
func (u *unused) close(d time.Duration) (left int) {
	u.since.Range(func(c, since any) bool {
		if time.Since(since.(time.Time)) < d { //nolint:forcetypeassert // nothing else is stored
			left++
			return true
		}
		u.since.Delete(c)
		_ = c.(net.Conn).Close() //nolint:forcetypeassert // the server's reader notices, and has nobody to answer
		return true
	})
	return left
}
