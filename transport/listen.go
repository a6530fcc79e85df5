package transport

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// Listen binds addr ("host:port", ":8080", ":0" for any free port) over TCP.
// flag is the name of the flag that addr came from: an error starts with both
// and ends with the mend, and errors.Is still finds the system's own
// (syscall.EADDRINUSE).
func Listen(flag, addr string) (net.Listener, error) {
	flag = "-" + strings.TrimLeft(flag, "-")
	if addr == "" { // for net, that is any port: nobody would find it
		return nil, fmt.Errorf("%s is empty; %s", flag, addrMend(flag))
	}
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	mend, cause := bindMend(flag, err)
	return nil, fmt.Errorf("%s %s: %w; %s", flag, addr, cause, mend)
}

// bindMend is the core of a failed bind, without the address that net repeats
// around it, and what to do about it.
func bindMend(flag string, err error) (mend string, cause error) {
	cause = err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		cause = op.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		cause = errno
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Sprintf("stop the process that has it or pass another %s, such as :0", flag), cause
	case errors.Is(err, syscall.EACCES):
		return fmt.Sprintf("ports below 1024 need privileges; pass another %s, such as :8080", flag), cause
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("no interface of this machine has that address; pass a %s such as :8080 to listen on all", flag), cause
	}
	if e, ok := errors.AsType[*net.AddrError](err); ok {
		cause = errors.New(e.Err)
	}
	return addrMend(flag), cause
}

func addrMend(flag string) string {
	return fmt.Sprintf("pass %s as host:port or :port, such as :8080", flag)
}
