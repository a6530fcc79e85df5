package kitsystemd

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
)

// manager is systemd's end of a notify socket.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return c
}

// next is what systemd is told next.
func next(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // only if nothing comes
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestSystemdIsToldOverItsSocket(t *testing.T) {
	c := manager(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error)
	go func() {
		ended <- transport.Serve(ctx, transport.Config{Servers: []transport.Server{Server(Config{})}, Propagation: -1})
	}()
	got := []string{next(t, c), next(t, c)}
	stop()
	got = append(got, next(t, c))
	want := []string{"STATUS=starting", "READY=1\nSTATUS=serving", "STOPPING=1\nSTATUS=leaving: callers are sent elsewhere, calls in flight finish"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWithoutSystemdNothingHappens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	ctx, stop := context.WithCancel(t.Context())
	var once sync.Once
	s := Server(Config{})
	setReady := s.SetReady
	s.SetReady = func(ready bool) { setReady(ready); once.Do(stop) }
	if err := transport.Serve(ctx, transport.Config{Servers: []transport.Server{s}, Propagation: -1}); err != nil {
		t.Error(err)
	}
}

func TestWhatSystemdWouldKillForFailsTheStart(t *testing.T) {
	for name, tt := range map[string]struct{ env, value, want string }{
		"nobody there": {"NOTIFY_SOCKET", filepath.Join(t.TempDir(), "x"), "systemd server: self-probe: NOTIFY_SOCKET is "},
		"no time":      {"WATCHDOG_USEC", "soon", `systemd server: self-probe: WATCHDOG_USEC is "soon"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(tt.env, tt.value)
			err := transport.Serve(t.Context(), transport.Config{Servers: []transport.Server{Server(Config{})}})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestWatchdog goes through a life in a bubble: two minutes at a WatchdogSec of
// 10 s.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		told := map[string]int{}
		n := &notifier{
			tell: func(state string) error {
				mu.Lock()
				defer mu.Unlock()
				told[state]++
				return nil
			},
			warn: log.NewNopLogger(), watchdog: 10 * time.Second, ready: make(chan bool, 2), closed: make(chan struct{}),
		}
		count := func(state string) int {
			mu.Lock()
			defer mu.Unlock()
			return told[state]
		}
		// After a minute, it does not serve any more; from 80 s on, it does not answer.
		ready := &transport.Ready{Also: func(ctx context.Context) error {
			switch since := time.Since(began); {
			case since < time.Minute:
				return nil
			case since < 80*time.Second:
				return errors.New("disk full\nWATCHDOG=1")
			default:
				<-ctx.Done()
				return ctx.Err()
			}
		}}
		ended := make(chan error)
		go func() { ended <- n.serve(ready) }()
		ready.Set(true)
		n.ready <- true

		time.Sleep(59 * time.Second)
		if got := count("WATCHDOG=1\nSTATUS=serving"); got != 11 {
			t.Errorf("well for 59 s: %d beats, want one each 5 s", got)
		}
		time.Sleep(20 * time.Second)
		if got := count("STATUS=not ready: disk full"); got != 4 {
			t.Errorf("not ready: said so %d times: %v", got, told)
		}
		time.Sleep(20 * time.Second)
		if got := count("STATUS=not ready: context deadline exceeded"); got == 0 {
			t.Errorf("hangs: %v", told)
		}
		if got := count("WATCHDOG=1\nSTATUS=serving") + count("WATCHDOG=1"); got != 11 {
			t.Errorf("%d beats while it was not well", got-11)
		}
		ready.Set(false)
		n.ready <- false
		time.Sleep(11 * time.Second)
		if got := count("WATCHDOG=1"); got < 2 {
			t.Errorf("%d beats while it leaves: systemd would kill it", got)
		}
		close(n.closed)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatCannotBeToldIsLogged(t *testing.T) {
	var out strings.Builder
	n := &notifier{tell: func(string) error { return errors.New("gone") }, warn: log.NewLogfmtLogger(&out)}
	n.changed(true)
	if want := "msg=\"systemd was not told\" state=\"READY=1\\nSTATUS=serving\" err=gone\n"; out.String() != want {
		t.Errorf("logged %s", &out)
	}
}
