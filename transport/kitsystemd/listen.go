package kitsystemd

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/transport"
)

// firstFD is the first that systemd passes; the others follow.
const firstFD = 3

// Listen returns the listener that systemd has bound for this process under a
// name (FileDescriptorName= of the .socket unit, which is the unit's own name if
// it has none), and where there is none what transport.Listen(flag, addr) does.
// The caller closes it; systemd keeps its own, so that callers wait meanwhile
// instead of being refused.
//
// Each socket is passed once: a second Listen with its name binds addr. Listen
// keeps that record in the environment (LISTEN_FDNAMES), as systemd's protocol
// has it, and is not safe for concurrent use: call it in main.
func Listen(name, flag, addr string) (net.Listener, error) {
	names, err := inherited()
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		if n == name && name != "" {
			return take(names, i)
		}
	}
	return transport.Listen(flag, addr)
}

// inherited returns the names of the sockets that were passed to this process,
// in order; those that were taken have none.
func inherited() ([]string, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil // not for us, but for whoever started us
	}
	fds := os.Getenv("LISTEN_FDS")
	n, err := strconv.ParseUint(fds, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_FDS is %q: systemd sets it to the number of sockets; unset LISTEN_PID if it was not systemd", fds)
	}
	names := make([]string, n)
	if list, ok := os.LookupEnv("LISTEN_FDNAMES"); ok && n > 0 {
		if got := strings.Split(list, ":"); len(got) == len(names) {
			return got, nil
		}
		return nil, fmt.Errorf("LISTEN_FDNAMES is %q and LISTEN_FDS %d: there has to be one name for each, between colons", list, n)
	}
	for i := range names {
		names[i] = "unknown" // as sd_listen_fds_with_names has it
	}
	return names, nil
}

// take makes a listener of the socket at i.
func take(names []string, i int) (net.Listener, error) {
	name, fd := names[i], firstFD+i
	f := os.NewFile(uintptr(fd), name)
	l, err := net.FileListener(f) // its own copy, which no child inherits
	if err != nil {
		return nil, fmt.Errorf("systemd's socket %q (file descriptor %d): %w; it has to be a ListenStream= one", name, fd, err)
	}
	names[i] = ""
	if err := os.Setenv("LISTEN_FDNAMES", strings.Join(names, ":")); err != nil {
		return nil, err
	}
	return l, f.Close()
}
