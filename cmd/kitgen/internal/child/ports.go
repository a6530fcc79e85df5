package child

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports from here up to there are below those that kernels give to outgoing
// connections: one of these could otherwise take the port of a server that is
// down for a moment.
const (
	lowPort  = 18000
	highPort = 32000
)

// FreePorts finds n loopback addresses that nobody listens on.
func FreePorts(n int) ([]string, error) {
	var addrs []string
	var last error
	for range 100 * n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowPort+rand.IntN(highPort-lowPort)))
		if err != nil {
			last = err
			continue
		}
		defer func() { _ = l.Close() }() // all stay open until n are found, so that no two are the same
		if addrs = append(addrs, l.Addr().String()); len(addrs) == n {
			return addrs, nil
		}
	}
	return nil, fmt.Errorf("find a free port from %d to %d: %w", lowPort, highPort, last)
}
