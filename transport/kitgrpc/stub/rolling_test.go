package stub_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// TestRollingRestart replaces every instance under load: no call fails, by no
// policy's help, and streams end with a status.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	var m sdtest.Memory
	roll(t, &m, func() {}, func() { start(t, &m) })
}

// TestRollingRestartWithoutRegistry is the same while the registry is away, so that
// those who leave can only say so themselves: those who come are not seen.
func TestRollingRestartWithoutRegistry(t *testing.T) {
	t.Parallel()
	var m sdtest.Memory
	roll(t, &m, m.Outage, func() {})
}

// roll has all replicas leave but one, each after replace.
func roll(t *testing.T, m *sdtest.Memory, before, replace func()) {
	const replicas, callers = 4, 8
	old := make([]*replica, replicas)
	for i := range old {
		old[i] = start(t, m)
	}
	cc := dial(t, "memory:///addsvc", stub.Config{Schemes: []sd.Scheme{memory(m)}})
	var load sync.WaitGroup
	var done atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	more := func() {
		for want := done.Load() + 200; done.Load() < want && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	for range callers {
		load.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				if _, err := ask(t.Context(), cc, grpc.WaitForReady(done.Load() == 0)); err != nil {
					t.Errorf("after %d calls: %v", done.Load(), err)
				}
				done.Add(1)
			}
		})
	}
	var streams sync.WaitGroup
	for range callers {
		s := open(t, cc)
		streams.Go(func() { follow(t, s) })
	}
	more()
	before()
	leave := old[:replicas-1] // without a registry nobody comes instead
	for _, r := range leave {
		replace()
		more()
		r.stop()
		more()
	}
	for _, r := range leave { // under load to the end
		if err := <-r.ended; err != nil {
			t.Errorf("%v", err)
		}
	}
	stop()
	load.Wait()
	old[replicas-1].stop() // and with it the last streams
	streams.Wait()
	t.Logf("%d calls", done.Load())
}

// follow talks by a stream until it ends, which must be with a status that has the
// client come again.
func follow(t *testing.T, s grpc.ClientStream) {
	for {
		err := exchange(s)
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF): // of SendMsg: RecvMsg knows more
			err = s.RecvMsg(new(wrapperspb.StringValue))
		}
		var e *kitgrpc.Error
		if !as(err, &e) || e.StatusCode() != 503 {
			t.Errorf("a stream ended with %v", err)
		}
		return
	}
}

// replica is a whole service, as a process would be.
type replica struct {
	stop  func()
	ended chan error
}

// start returns once the replica is up, and listed unless the registry is away.
func start(t *testing.T, m *sdtest.Memory) *replica {
	t.Helper()
	l, err := transport.Listen("addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: l.Addr().String()}
	b.answers(func(context.Context, string) (string, error) {
		time.Sleep(2 * time.Millisecond) // a call takes some time
		return b.addr, nil
	})
	s := kitgrpc.NewServer(kitgrpc.Config{StreamGrace: 100 * time.Millisecond})
	b.register(s)
	ctx, stop := context.WithCancel(t.Context())
	up := make(chan struct{})
	ready := new(transport.Ready)
	r := &replica{stop: stop, ended: make(chan error, 1)}
	reg := sd.NewRegistrar(m.Holder("addsvc"), sd.Instance{Addr: l.Addr().(*net.TCPAddr).String()}, sd.RegistrarConfig{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- transport.Serve(ctx, transport.Config{Servers: []transport.Server{s.On(l)}, Registrar: reg, Ready: ready, Propagation: time.Second})
	}()
	go func() {
		defer close(up)
		for ready.Check(ctx) != nil && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	<-up
	t.Cleanup(func() {
		stop()
		<-done
	})
	return r
}
