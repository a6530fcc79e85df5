package transport_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/transport"
)

func TestMain(m *testing.M) {
	// The runtime's signal loop starts with the first Notify and never ends; it
	// must not do so inside a synctest bubble.
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	signal.Stop(c)
	goleak.VerifyTestMain(m)
}

// record notes what happened, in order and when.
type record struct {
	mu     sync.Mutex
	began  time.Time
	events []string
	at     map[string]time.Duration
}

func newRecord() *record {
	return &record{began: time.Now(), at: map[string]time.Duration{}}
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	event := fmt.Sprintf(format, args...)
	r.events = append(r.events, event)
	r.at[event] = time.Since(r.began)
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *record) has(event string) bool { return slices.Contains(r.all(), event) }

// when says how long after the start event happened.
func (r *record) when(t *testing.T, event string) time.Duration {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok := r.at[event]
	if !ok {
		t.Errorf("%q never happened: %q", event, r.events)
	}
	return d
}

// fakeServer is a server without I/O. It records the steps it is taken through.
type fakeServer struct {
	transport.Server
	*record
	stop func()
}

type fakeAddr string

func (a fakeAddr) Network() string { return "fake" }
func (a fakeAddr) String() string  { return string(a) }

func newFake(r *record, name string) *fakeServer {
	serving, stopped := make(chan struct{}), make(chan struct{})
	f := &fakeServer{record: r, stop: sync.OnceFunc(func() { close(stopped) })}
	f.Server = transport.Server{
		Name: name,
		Addr: fakeAddr(name + ":1"),
		Serve: func(*transport.Ready) error {
			r.add("%s serve", name)
			close(serving)
			<-stopped
			return nil
		},
		Probe: func(ctx context.Context) error {
			select {
			case <-serving: // until then a connection waits in the backlog
			case <-ctx.Done():
				return ctx.Err()
			}
			r.add("%s probe", name)
			return nil
		},
		SetReady: func(ready bool) { r.add("%s ready=%t", name, ready) },
		Shutdown: func(context.Context) error {
			r.add("%s shutdown", name)
			f.stop()
			return nil
		},
		Close: func() error {
			r.add("%s close", name)
			f.stop()
			return nil
		},
	}
	return f
}

// fakeRegistrar records; either half may be replaced.
type fakeRegistrar struct {
	*record
	register, deregister func()
}

func (f *fakeRegistrar) Register() {
	f.add("register")
	if f.register != nil {
		f.register()
	}
}

func (f *fakeRegistrar) Deregister() {
	f.add("deregister")
	if f.deregister != nil {
		f.deregister()
	}
}

// after is a context that ends after d.
func after(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(d, cancel)
	t.Cleanup(func() { timer.Stop(); cancel() })
	return ctx
}
