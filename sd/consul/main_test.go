package consul

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/consul/api"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite is the package's tests and the agent that those share who do it no
// harm; it takes seconds to start.
type suite struct{ *testing.M }

var sharedAgent = sync.OnceValues(func() (*servers.Process, error) {
	agentStarted = true
	return servers.StartConsul(context.Background(), servers.Options{})
})

var agentStarted bool

// Run runs the tests, then ends the agent.
func (s suite) Run() int {
	code := s.M.Run()
	if agentStarted {
		if p, err := sharedAgent(); err == nil {
			_ = p.Close()
		}
	}
	return code
}

// deadline is generous: what matters of a time is logged, not asserted.
const deadline = 45 * time.Second

// connectHTTP returns a client whose connections end with the test.
func connectHTTP(tb testing.TB) *http.Client {
	tb.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// connect returns a client of the agent at addr.
func connect(tb testing.TB, addr string) *api.Client {
	tb.Helper()
	c, err := api.NewClient(&api.Config{Address: addr, HttpClient: connectHTTP(tb)})
	if err != nil {
		tb.Fatal(err)
	}
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

func idsOf(set []sd.Instance) []string {
	ids := make([]string, 0, len(set))
	for _, in := range set {
		ids = append(ids, in.ID)
	}
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

// hold starts h on in and returns once it is registered. It tries again, as a
// Registrar does: an agent that is busy may be late once.
func hold(tb testing.TB, h *Holder, in sd.Instance) (*counter, *running) {
	tb.Helper()
	c := &counter{}
	r := run(tb, func(ctx context.Context) (err error) {
		for tries := 5; tries > 0 && c.get() == 0 && ctx.Err() == nil; tries-- {
			err = h.Hold(ctx, in, c.add)
		}
		return err
	})
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

// instance is one with an address of its own, as it comes back.
func instance(id string) sd.Instance {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return sd.Instance{ID: id, Addr: fmt.Sprint("10.0.0.1:", 1024+h.Sum32()%60000), Weight: 1}
}

// everybody chooses all.
func everybody(all []listed) []sd.Instance {
	set := []sd.Instance{}
	for _, in := range all {
		set = append(set, in.Instance)
	}
	return set
}

func in(state sd.State, i sd.Instance) sd.Instance {
	i.State = state
	return i
}

// known waits until i has just these instances.
func known(tb testing.TB, i *sd.Instancer, ids ...string) time.Duration {
	tb.Helper()
	return eventually(tb, fmt.Sprint("the Instancer knows ", ids), func() bool {
		s, _ := i.Snapshot()
		return s.Synced && slices.Equal(idsOf(s.Instances), ids)
	})
}
