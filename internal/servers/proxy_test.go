package servers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// echo is a server that sends every byte back, and says so to those who want
// to know what reached it.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				io.Copy(c, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func send(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

func wantBytes(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// wantSilence reads for a moment. It cannot fail by chance: bytes that are
// late only make it pass.
func wantSilence(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	defer c.SetReadDeadline(time.Time{})
	n, err := c.Read(make([]byte, 1))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d bytes, %v; want silence on an open connection", n, err)
	}
}

func TestProxyCarriesEverything(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := dial(t, p.Addr())
	sent := make([]byte, 4<<20)
	src := rand.NewChaCha8([32]byte{1})
	src.Read(sent)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := c.Write(sent); err != nil {
			t.Error(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
	})
	got, err := io.ReadAll(c) // ends only if the end of the stream came through, both ways
	wg.Wait()
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back, %v; want the %d sent", len(got), err, len(sent))
	}
}

func TestProxyCut(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := dial(t, p.Addr())
	send(t, c, "a")
	wantBytes(t, c, "a")
	p.Cut()
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes after Cut; want an error", n)
	}
	wantRefused(t, p.Addr())
	p.Cut() // a second one has nothing to do
	p.Heal()
	c = dial(t, p.Addr())
	send(t, c, "b")
	wantBytes(t, c, "b")
}

func TestProxyReset(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := dial(t, p.Addr())
	send(t, c, "a")
	wantBytes(t, c, "a")
	p.Reset()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after Reset: %v; want ECONNRESET", err)
	}
	c = dial(t, p.Addr()) // without Heal
	send(t, c, "b")
	wantBytes(t, c, "b")
}

func TestProxyStall(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]Direction{"up": Up, "down": Down, "both": Both} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := NewProxy(t, echo(t))
			c := dial(t, p.Addr())
			send(t, c, "a")
			wantBytes(t, c, "a")
			p.Stall(dir)
			send(t, c, "b")
			wantSilence(t, c)
			late := dial(t, p.Addr()) // a new connection opens and is as silent
			send(t, late, "c")
			wantSilence(t, late)
			p.Heal()
			wantBytes(t, c, "b")
			wantBytes(t, late, "c")
		})
	}
}

// TestProxyStallsOneDirection tells up from down, by a server that speaks
// first.
func TestProxyStallsOneDirection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := NewProxy(t, l.Addr().String())
	client := dial(t, p.Addr())
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })

	p.Stall(Up)
	send(t, server, "down")
	wantBytes(t, client, "down")
	send(t, client, "up")
	wantSilence(t, server)
	p.Heal()
	wantBytes(t, server, "up")

	p.Stall(Down)
	send(t, client, "up")
	wantBytes(t, server, "up")
	send(t, server, "down")
	wantSilence(t, client)
	client.CloseWrite()
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("server read %v; want the end of the stream", err)
	}
	p.Heal()
	wantBytes(t, client, "down")
}

func TestProxyDelay(t *testing.T) {
	t.Parallel()
	const d = 40 * time.Millisecond
	p := NewProxy(t, echo(t))
	p.Delay(d)
	c := dial(t, p.Addr())
	began := time.Now()
	for range 10 { // ten at once take as long as one
		send(t, c, "x")
	}
	wantBytes(t, c, "xxxxxxxxxx")
	if took := time.Since(began); took < 2*d {
		t.Errorf("there and back took %v; want at least %v", took, 2*d)
	}
	p.Delay(time.Hour)
	send(t, c, "y")
	wantSilence(t, c)
	p.Heal()
	wantBytes(t, c, "y")
}

func TestProxyTrickle(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	p.Trickle(1000)
	c := dial(t, p.Addr())
	began := time.Now()
	send(t, c, string(make([]byte, 200)))
	wantBytes(t, c, string(make([]byte, 200)))
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("200 bytes at 1000/s took %v; want at least 200ms", took)
	}
}

func TestProxyToNobody(t *testing.T) {
	t.Parallel()
	none, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { none.release() })
	p := NewProxy(t, none.addr())
	c, err := net.Dial("tcp", p.Addr())
	if err == nil { // the reset may be there before Dial returns
		_, err = c.Read(make([]byte, 1))
		c.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("through a proxy to nobody: %v; want ECONNRESET", err)
	}
}

// TestProxyClosesInAnyState relies on goleak in TestMain: whatever a link is
// waiting for, Close ends it.
func TestProxyClosesInAnyState(t *testing.T) {
	t.Parallel()
	states := map[string]func(*TestProxy){
		"well":    func(*TestProxy) {},
		"cut":     (*TestProxy).Cut,
		"reset":   (*TestProxy).Reset,
		"stall":   func(p *TestProxy) { p.Stall(Both) },
		"delay":   func(p *TestProxy) { p.Delay(time.Hour) },
		"trickle": func(p *TestProxy) { p.Trickle(1) },
		"closed":  (*TestProxy).Close,
	}
	for name, state := range states {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := NewProxy(t, echo(t))
			c := dial(t, p.Addr())
			state(p)
			c.Write(make([]byte, 1<<20)) // fails in some states
			p.Close()
			wantRefused(t, p.Addr())
		})
	}
}

// TestProxyOfAProgram has no test to fail: errors come back.
func TestProxyOfAProgram(t *testing.T) {
	t.Parallel()
	p, err := StartProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	p.Cut()
	taken, err := net.Listen("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Heal(); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Heal while another has the port = %v; want EADDRINUSE", err)
	}
	taken.Close()
	if err := p.Heal(); err != nil {
		t.Errorf("Heal = %v", err)
	}
	c := dial(t, p.Addr())
	send(t, c, "a")
	wantBytes(t, c, "a")
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Errorf("Close = %v", err)
	}
	wantRefused(t, p.Addr())
}

// TestProxyBeforeEtcd sees a real server through every fault.
func TestProxyBeforeEtcd(t *testing.T) {
	t.Parallel()
	s := Etcd(t, Options{})
	p := NewProxy(t, s.Endpoint())
	health := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		return page(ctx, "http://"+p.Addr()+"/health")
	}
	const brief, ample = 50 * time.Millisecond, time.Minute
	well := func(after string) {
		t.Helper()
		if err := health(ample); err != nil {
			t.Fatalf("after %s: %v", after, err)
		}
	}
	well("start")
	p.Cut()
	if err := health(ample); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("cut: %v; want ECONNREFUSED", err)
	}
	p.Heal()
	well("Cut")
	p.Stall(Down)
	if err := health(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stalled: %v; want a deadline exceeded", err)
	}
	p.Heal()
	well("Stall")
	p.Reset()
	well("Reset")
	s.Kill()
	if err := health(ample); err == nil {
		t.Error("a killed server answered")
	}
	s.Start()
	well("Kill and Start")
}
