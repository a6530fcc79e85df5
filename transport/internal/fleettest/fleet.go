// Package fleettest replaces every instance of a small fleet while it is under
// load, and counts the calls that failed. A transport passes if none does.
package fleettest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/transport"
)

const (
	instances   = 3
	callers     = 8
	propagation = time.Second // far more than a caller can be held up between picking an instance and calling it
)

// Roll replaces each instance once. serve puts a server on a listener, newCall
// is the factory of its clients; the calls carry request and take a few
// milliseconds, for which the servers are responsible.
func Roll(t *testing.T, serve func(net.Listener) transport.Server, newCall kitsd.Factory, request any) {
	t.Helper()
	f := &fleet{t: t, newCall: newCall, calls: map[string]endpoint.Endpoint{}}
	defer f.close()
	var old []instance
	for range instances {
		old = append(old, f.start(serve))
	}
	var load sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range callers {
		load.Go(func() { f.load(ctx, request) })
	}
	for _, i := range old {
		f.more(100)
		f.start(serve)
		f.more(100)
		i.stop()
	}
	for _, i := range old {
		<-i.stopped // under load to the end
	}
	f.more(100)
	stop()
	load.Wait()
	t.Logf("%d calls, %d of them tried again elsewhere", f.done.Load(), f.again.Load())
}

// fleet is the instances, and the registry that knows them.
type fleet struct {
	t       *testing.T
	newCall kitsd.Factory

	done, again atomic.Int64

	all []instance // touched by the test's goroutine alone

	mu      sync.Mutex // guards what follows
	here    []string
	calls   map[string]endpoint.Endpoint
	closers []io.Closer
}

type instance struct {
	stop    context.CancelFunc
	stopped chan struct{}
}

// start adds an instance and returns once it is registered.
func (f *fleet) start(serve func(net.Listener) transport.Server) instance {
	l, err := transport.Listen("addr", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(f.t.Context())
	i := instance{cancel, make(chan struct{})}
	f.all = append(f.all, i)
	m := &member{fleet: f, addr: l.Addr().String(), registered: make(chan struct{})}
	go func() {
		defer close(i.stopped)
		err := transport.Serve(ctx, transport.Config{Servers: []transport.Server{serve(l)}, Registrar: m, Propagation: propagation})
		if err != nil {
			f.t.Errorf("%s: %v", m.addr, err)
		}
	}()
	select {
	case <-m.registered:
	case <-i.stopped:
		f.t.Fatalf("%s never registered", m.addr)
	}
	return i
}

// member is one instance's registrar.
type member struct {
	*fleet
	addr       string
	registered chan struct{}
}

func (m *member) Register() {
	call, closer, err := m.newCall(m.addr)
	if err != nil {
		m.t.Errorf("%s: %v", m.addr, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.here = append(m.here, m.addr)
	m.calls[m.addr] = call
	m.closers = append(m.closers, closer)
	close(m.registered)
}

func (m *member) Deregister() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.here = slices.DeleteFunc(m.here, func(addr string) bool { return addr == m.addr })
}

// pick chooses an instance that is registered.
func (f *fleet) pick() (string, endpoint.Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	addr := f.here[rand.IntN(len(f.here))]
	return addr, f.calls[addr]
}

// load calls until ctx ends. A call that was not sent goes elsewhere; any other
// error is a failed call.
func (f *fleet) load(ctx context.Context, request any) {
	for ctx.Err() == nil {
		addr, call := f.pick()
		_, err := call(f.t.Context(), request)
		switch {
		case err == nil:
			f.done.Add(1)
		case notSent(err):
			f.again.Add(1)
		default:
			f.t.Errorf("call to %s failed: %v", addr, err)
			return
		}
	}
}

func notSent(err error) bool {
	u, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err)
	return ok && u.NotSent()
}

// more returns after n more calls.
func (f *fleet) more(n int64) {
	for want := f.done.Load() + n; f.done.Load() < want && !f.t.Failed(); {
		time.Sleep(time.Millisecond)
	}
}

// close stops what still runs, and closes the clients.
func (f *fleet) close() {
	var errs []error
	for _, i := range f.all {
		i.stop()
	}
	for _, i := range f.all {
		<-i.stopped
	}
	for _, c := range f.closers {
		errs = append(errs, c.Close())
	}
	if err := errors.Join(errs...); err != nil {
		f.t.Error(err)
	}
}
