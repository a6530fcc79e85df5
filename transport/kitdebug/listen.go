package kitdebug

import (
	"fmt"
	"net"
	"strings"

	"github.com/kitgen/kitgen/transport"
)

// Listen binds addr, that a flag gave, for a Server. Unless public is true, the
// address must be one of this machine's own (127.0.0.1, ::1, localhost), and the
// error for any other names the flag and what to pass instead. Those of
// transport.Listen come as they are.
func Listen(flag, addr string, public bool) (net.Listener, error) {
	l, err := transport.Listen(flag, addr)
	if err != nil || public || isLoopback(l.Addr().String()) {
		return l, err
	}
	_ = l.Close() // nobody was accepted
	flag = "-" + strings.TrimLeft(flag, "-")
	port := "6060"
	if _, p, err := net.SplitHostPort(addr); err == nil && p != "" {
		port = p
	}
	return nil, fmt.Errorf("%s %s: other machines could read there what the process is doing; pass %s 127.0.0.1:%s, or have the program say that this is wanted",
		flag, addr, flag, port)
}
