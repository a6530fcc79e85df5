package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// Ports come from below the range the kernel takes for outgoing connections
// (32768 and up on Linux). A port from that range may be gone when a stopped
// server comes back for it: the very client that redials can be given it as its
// own source port.
const (
	firstPort = 18000
	lastPort  = 32000
)

// port is a loopback TCP port that no other user of this package gets, in this
// process or another, until release.
type port struct {
	number int
	lock   *os.File
}

// reservePort finds a port that is free now and locks its number.
func reservePort() (*port, error) {
	dir := filepath.Join(os.TempDir(), "kitgen-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil { //nolint:gosec // shared between users, like the folder it is in
		return nil, fmt.Errorf("reserve port: %w", err)
	}
	var last error
	for range 200 {
		n := firstPort + rand.IntN(lastPort-firstPort)
		lock, err := tryLockFile(filepath.Join(dir, strconv.Itoa(n)))
		if err != nil {
			last = err
			continue
		}
		if last = free(n); last == nil {
			return &port{number: n, lock: lock}, nil
		}
		last = errors.Join(last, lock.Close())
	}
	return nil, fmt.Errorf("reserve port between %d and %d: %w", firstPort, lastPort, last)
}

// free says whether one may listen on n, for TCP and UDP (Consul gossips over
// both).
func free(n int) error {
	l, err := net.Listen("tcp", loopback(n))
	if err != nil {
		return err
	}
	p, err := net.ListenPacket("udp", loopback(n))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return errors.Join(p.Close(), l.Close())
}

func (p *port) addr() string { return loopback(p.number) }

// release lets others have the port; a second one does nothing. The lock file
// stays: removing it would race with somebody who has just opened it.
func (p *port) release() error {
	if err := p.lock.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

func loopback(n int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(n)) }
