//go:build unix

package conns

import "syscall"

// descriptors is the soft limit, which Go has raised to the hard one at start.
func descriptors() (n uint64, ok bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return uint64(limit.Cur), true //nolint:unconvert // it is signed on some systems
}
