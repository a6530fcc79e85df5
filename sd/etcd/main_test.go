package etcd

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/sd"
)

// deadline is generous: what matters of a time is logged, not asserted.
const deadline = 45 * time.Second

// connect returns a client of the etcd at addr that ends with the test.
func connect(tb testing.TB, addr string, edit ...func(*clientv3.Config)) *clientv3.Client {
	tb.Helper()
	cfg := ClientConfig(addr)
	for _, e := range edit {
		e(&cfg)
	}
	c, err := clientv3.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// eventually waits until ok, and returns how long that took.
func eventually(tb testing.TB, what string, ok func() bool) time.Duration {
	tb.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > deadline {
			tb.Fatalf("still not after %v: %s", deadline, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(start)
}

// calls counts the calls of a method that a client makes.
type calls struct{ n atomic.Int64 }

func (c *calls) count(method string) func(*clientv3.Config) {
	return func(cfg *clientv3.Config) {
		cfg.DialOptions = append(cfg.DialOptions, grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, called string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				if called == method {
					c.n.Add(1)
				}
				return next(ctx, called, req, reply, cc, opts...)
			}), grpc.WithChainStreamInterceptor(
			func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, called string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				if called == method {
					c.n.Add(1)
				}
				return next(ctx, desc, cc, called, opts...)
			}))
	}
}

// sink is the update function of a Watch, and remembers what it was told.
type sink struct {
	mu   sync.Mutex // guards the field below
	sets [][]sd.Instance
}

func (s *sink) update(set []sd.Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets = append(s.sets, set)
}

func (s *sink) all() [][]sd.Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sets)
}

// last returns the set told last, and whether there was one.
func (s *sink) last() ([]sd.Instance, bool) {
	all := s.all()
	if len(all) == 0 {
		return nil, false
	}
	return all[len(all)-1], true
}

// ids lists the IDs told last.
func (s *sink) ids() []string {
	set, _ := s.last()
	return idsOf(set)
}

func idsOf(set []sd.Instance) []string {
	ids := make([]string, 0, len(set))
	for _, in := range set {
		ids = append(ids, in.ID)
	}
	slices.Sort(ids)
	return ids
}

// running is a Watch or Hold in the background.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done
}

// run starts f. Unless the test does, its end stops and joins it.
func run(tb testing.TB, f func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = f(ctx)
	}()
	tb.Cleanup(func() { _ = r.stop() })
	return r
}

func (r *running) stop() error {
	r.cancel()
	return r.wait()
}

func (r *running) wait() error {
	<-r.done
	return r.err
}

func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// watch starts w and returns where its sets go.
func watch(tb testing.TB, w *Watcher) (*sink, *running) {
	tb.Helper()
	s := &sink{}
	return s, run(tb, func(ctx context.Context) error { return w.Watch(ctx, s.update) })
}

// counter counts the calls of a held function.
type counter struct {
	mu sync.Mutex // guards the field below
	n  int
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counter) get() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// hold starts h on in and returns once it is registered.
func hold(tb testing.TB, h *Holder, in sd.Instance) (*counter, *running) {
	tb.Helper()
	c := &counter{}
	r := run(tb, func(ctx context.Context) error { return h.Hold(ctx, in, c.add) })
	eventually(tb, in.ID+" is registered", func() bool { return c.get() > 0 || r.ended() })
	if r.ended() {
		tb.Fatalf("Hold(%s) = %v", in.ID, r.err)
	}
	return c, r
}

// want waits until the set told last is set.
func want(tb testing.TB, s *sink, set ...sd.Instance) {
	tb.Helper()
	if set == nil {
		set = []sd.Instance{}
	}
	diff := ""
	start := time.Now()
	for time.Since(start) < deadline {
		got, ok := s.last()
		if diff = cmp.Diff(set, got); ok && diff == "" {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	tb.Fatalf("the watch told something else (-want +got):\n%s", diff)
}

// instance is one with an address of its own.
func instance(id string) sd.Instance {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return sd.Instance{ID: id, Addr: fmt.Sprint("10.0.0.1:", 1024+h.Sum32()%60000)}
}

// syncBuffer is a bytes.Buffer for several goroutines.
type syncBuffer struct {
	mu  sync.Mutex // guards the field below
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
