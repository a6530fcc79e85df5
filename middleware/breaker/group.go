package breaker

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"
	"weak"

	"github.com/go-kit/kit/endpoint"
)

// Group makes the circuits of a service's instances, and shows them. It is safe
// for concurrent use. Calls do not go through it: it can be asked at any time
// and delays none.
type Group struct {
	cfg      Config
	news     *news    // nil if nobody wants any
	circuits sync.Map // instance to weak.Pointer[circuit]
}

// NewGroup returns a Group without circuits. A cfg that Validate rejects is a
// mistake in the program, and NewGroup panics with Validate's error.
func NewGroup(cfg Config) *Group {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	g := &Group{cfg: cfg.withDefaults()}
	if cfg.OnStateChange != nil {
		g.news = &news{tell: cfg.OnStateChange}
	}
	return g
}

// Each makes the circuit of one instance: a middleware for its endpoints, and
// whether a call would be let through now. It is what the function Each returns,
// and lb.PoolConfig takes it as a Guard.
//
// An instance that comes again gets a new circuit, and the Group shows that one
// instead. The Group keeps none alive: it forgets a circuit soon after the
// middleware, its endpoints and ready are gone.
func (g *Group) Each(instance string) (mw endpoint.Middleware, ready func() bool) {
	c := newCircuit(&g.cfg, instance, g.news)
	p := weak.Make(c)
	g.circuits.Store(instance, p)
	runtime.AddCleanup(c, func(instance string) { g.circuits.CompareAndDelete(instance, p) }, instance)
	return c.guard, c.ready
}

// Status is what a circuit does at one moment, and why.
type Status struct {
	Instance string
	State    State
	Since    time.Time // when it came to State

	// Until is, if Open, when the next call may probe; if HalfOpen, when the
	// probe under way has taken too long, and zero if there is none.
	Until time.Time
	Opens int // how many times in a row it has opened; 0 if Closed

	// Calls of the last Config.Window that count; all zero unless Closed.
	Successes, Failures int
	Slow                int // of the Successes
}

// Circuits returns the circuits of all instances, sorted by Instance, for a page
// or a metric. Those of an instance that has gone are among them until the
// garbage collector has seen that nobody uses them.
func (g *Group) Circuits() []Status {
	var all []Status
	g.circuits.Range(func(_, p any) bool {
		if c := alive(p); c != nil {
			all = append(all, c.status())
		}
		return true
	})
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.Instance, b.Instance) })
	return all
}

// State returns the name of the state of an instance's circuit, and nothing if
// it has none. It costs no allocation and takes no lock: a span of every call
// may have it.
func (g *Group) State(instance string) string {
	p, _ := g.circuits.Load(instance)
	if c := alive(p); c != nil {
		return c.phase.Load().state.String()
	}
	return ""
}

// alive returns the circuit that p, out of Group.circuits, points to, and nil if
// it has gone or p is nil.
func alive(p any) *circuit {
	c, _ := p.(weak.Pointer[circuit])
	return c.Value()
}

// Close returns when OnStateChange has returned from all that it is to be told,
// and it is told nothing afterwards. The circuits go on as before. The error
// says if calls of OnStateChange panicked, or if it was so slow that it missed
// changes. A Group without OnStateChange has nothing to close.
func (g *Group) Close() error {
	if g.news == nil {
		return nil
	}
	return g.news.close()
}
