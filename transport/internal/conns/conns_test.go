package conns_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/transport/internal/conns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// accepting is a limited listener and what it accepts.
func accepting(t *testing.T, n int) (*conns.Listener, <-chan net.Conn) {
	t.Helper()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := conns.Limit(raw, n)
	accepted := make(chan net.Conn, 16)
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				close(accepted)
				return
			}
			accepted <- c
		}
	})
	t.Cleanup(func() {
		l.Close()
		done.Wait()
		for c := range accepted {
			c.Close()
		}
	})
	return l, accepted
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// refused makes a connection that is too many, and waits for its end: it may come
// before Dial has returned.
func refused(t *testing.T, l net.Listener) {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	_, err = c.Read(make([]byte, 1))
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("one connection too many was not closed: %v", err)
	}
}

func TestOneTooManyIsClosedAtOnce(t *testing.T) {
	l, accepted := accepting(t, 2)
	dial(t, l)
	dial(t, l)
	first := <-accepted
	second := <-accepted
	refused(t, l)
	refused(t, l)
	if l.Open() != 2 || l.Refused() != 2 || l.Most() != 2 {
		t.Errorf("open %d, refused %d of %d", l.Open(), l.Refused(), l.Most())
	}
	first.Close()
	first.Close() // counts once
	if l.Open() != 1 {
		t.Errorf("after one was closed: open %d", l.Open())
	}
	last := dial(t, l)
	served := <-accepted
	var closed sync.WaitGroup
	closed.Go(func() { served.Write([]byte("x")); served.Close() })
	b, err := io.ReadAll(last)
	closed.Wait() // its client may see the end before it is counted
	if err != nil || string(b) != "x" {
		t.Errorf("a connection in the place that became free: %q %v", b, err)
	}
	second.Close()
	if l.Open() != 0 {
		t.Errorf("in the end: open %d", l.Open())
	}
}

func TestNoBound(t *testing.T) {
	l, accepted := accepting(t, -1)
	for range 5 {
		dial(t, l)
		defer (<-accepted).Close()
	}
	if l.Open() != 5 || l.Refused() != 0 {
		t.Errorf("open %d, refused %d", l.Open(), l.Refused())
	}
}

func TestRoomIsTheDefault(t *testing.T) {
	l, _ := accepting(t, 0)
	if l.Most() != conns.Room() || conns.Room() < 1 {
		t.Errorf("at most %d, room for %d", l.Most(), conns.Room())
	}
}

// TestShapes: servers look for these.
func TestShapes(t *testing.T) {
	l, accepted := accepting(t, 1)
	dial(t, l)
	c := <-accepted
	defer c.Close()
	if _, ok := c.(interface {
		io.ReaderFrom
		CloseWrite() error
	}); !ok {
		t.Errorf("%T has lost what a *net.TCPConn can", c)
	}
}

// pipes accepts connections that are no TCP.
type pipes struct{ ends chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.ends
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestOtherThanTCP(t *testing.T) {
	p := pipes{make(chan net.Conn, 3)}
	l := conns.Limit(p, 1)
	here, there := net.Pipe()
	tooMany, closed := net.Pipe()
	p.ends <- there
	p.ends <- closed
	close(p.ends)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener's own error: %v", err)
	}
	if _, err := tooMany.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the second: %v", err)
	}
	c.Close()
	here.Close()
	if l.Open() != 0 || l.Refused() != 1 {
		t.Errorf("open %d, refused %d", l.Open(), l.Refused())
	}
}
