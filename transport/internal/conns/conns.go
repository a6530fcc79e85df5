// Package conns bounds how many connections a server has open.
//
// Every connection costs a file descriptor and memory, and a process that runs
// out of descriptors can no more reach its registry, read its certificates or
// answer its own probe. So a server stops well before that, and says no at once:
// a caller that hangs in the backlog waits out its timeout, while one that is
// refused goes to another instance.
package conns

import (
	"net"
	"sync"
	"sync/atomic"
)

// Limit returns l with at most n connections open at a time. One more is
// accepted and reset before anything is read from it: its client sees an error
// in the handshake of TLS or HTTP/2, before it could send a call. (Only plain
// HTTP/1 has no handshake: there the request may be on its way, unread.) With n
// zero the bound is what Room returns; with a negative n there is none.
//
// A connection counts until it is closed, by whomever it was taken over.
// Connections of TCP keep the methods of a *net.TCPConn.
func Limit(l net.Listener, n int) *Listener {
	if n == 0 {
		n = Room()
	}
	return &Listener{Listener: l, most: int64(n)}
}

// Listener is a listener with a bound. Its methods may be called from any
// goroutine; Close leaves the connections open, as that of any listener.
type Listener struct {
	net.Listener

	most    int64 // none if negative
	open    atomic.Int64
	refused atomic.Uint64
}

// Open is how many connections are open.
func (l *Listener) Open() int { return int(l.open.Load()) }

// Refused is how many were too many so far.
func (l *Listener) Refused() uint64 { return l.refused.Load() }

// Most is the bound; negative if there is none.
func (l *Listener) Most() int { return int(l.most) }

// Accept waits for a connection within the bound.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if open := l.open.Add(1); l.most < 0 || open <= l.most {
			return l.counted(c), nil
		}
		l.open.Add(-1)
		l.refused.Add(1)
		refuse(c)
	}
}

// refuse resets c: its end is known at once on both sides, and nothing of it
// stays behind in the kernel.
func refuse(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func (l *Listener) counted(c net.Conn) net.Conn {
	end := sync.OnceFunc(func() { l.open.Add(-1) })
	if tcp, ok := c.(*net.TCPConn); ok {
		return &tcpConn{tcp, end}
	}
	return &conn{c, end}
}

type conn struct {
	net.Conn

	end func()
}

func (c *conn) Close() error {
	defer c.end()
	return c.Conn.Close()
}

// tcpConn has what net/http and gRPC look for by shape: CloseWrite, ReadFrom,
// SyscallConn.
type tcpConn struct {
	*net.TCPConn

	end func()
}

// Socket is the connection of TCP that c is, or that a Listener counts as c; nil
// for any other. Somebody else's type may have the methods of one, and read
// something else.
func Socket(c net.Conn) *net.TCPConn {
	switch c := c.(type) {
	case *net.TCPConn:
		return c
	case *tcpConn:
		return c.TCPConn
	}
	return nil
}

func (c *tcpConn) Close() error {
	defer c.end()
	return c.TCPConn.Close()
}
