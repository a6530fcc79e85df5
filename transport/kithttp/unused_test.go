package kithttp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// pipes is a listener in memory, which a synctest bubble can see through.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}

// TestUnusedConnectionsHoldNothingUp: net/http waits five seconds for one.
func TestUnusedConnectionsHoldNothingUp(t *testing.T) {
	for name, tt := range map[string]struct {
		dialled, request time.Duration // relative to when the server stops accepting; no request if zero
		want             time.Duration // until it has stopped
	}{
		"old":   {-10 * time.Second, 0, 0},
		"young": {-100 * time.Millisecond, 0, 400 * time.Millisecond},
		"used":  {-100 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				s := kithttp.Server(l, echoPath, kithttp.Config{})
				s.Probe, s.Addr = nil, nil
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error)
				go func() {
					result <- transport.Serve(ctx, transport.Config{Servers: []transport.Server{s}, Propagation: -1})
				}()
				time.Sleep(time.Minute)
				c := l.dial()
				time.Sleep(-tt.dialled)
				stopping := time.Now()
				cancel()
				if tt.request > 0 {
					time.Sleep(tt.request)
					if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
						t.Fatal(err)
					}
					resp, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil || resp.StatusCode != 200 {
						t.Fatalf("the connection's first request: %v, %v", resp, err)
					}
					_ = resp.Body.Close()
				}
				rest, err := io.ReadAll(c)
				if err != nil && !strings.Contains(err.Error(), "closed") {
					t.Errorf("read %q, %v", rest, err)
				}
				if err := <-result; err != nil {
					t.Error(err)
				}
				// net/http polls with intervals of up to half a second.
				if took := time.Since(stopping); took < tt.want || took > tt.want+600*time.Millisecond {
					t.Errorf("stopped after %s, want %s", took, tt.want)
				}
			})
		})
	}
}
