package kitgrpc

import (
	"net"
	"testing"

	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// skipping is a connection whose first byte is its listener's own, as with the
// PROXY protocol.
type skipping struct {
	*net.TCPConn

	skipped bool
}

func (c *skipping) Read(p []byte) (int, error) {
	if !c.skipped {
		if _, err := c.TCPConn.Read(make([]byte, 1)); err != nil {
			return 0, err
		}
		c.skipped = true
	}
	return c.TCPConn.Read(p)
}

// TestConnectionsReadAsTheySay, also where the socket beneath could be read at once.
func TestConnectionsReadAsTheySay(t *testing.T) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	raw, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := (watched{insecure.NewCredentials(), new(newcomers)}).ServerHandshake(&skipping{TCPConn: raw})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := there.Write([]byte("?hello")); err != nil {
		t.Fatal(err)
	}
	buf, n, err := c.(*newcomer).ReadOnReady(64, mem.DefaultBufferPool())
	if err != nil {
		t.Fatal(err)
	}
	if got := string((*buf)[:n]); got[0] == '?' {
		t.Errorf("read %q", got)
	}
}
