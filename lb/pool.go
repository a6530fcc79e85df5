package lb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/classify"
)

// PoolConfig configures a Pool. The zero value is good, but has no breaker.
type PoolConfig struct {
	// Guard makes what stands before one instance, usually
	// breaker.Each(breaker.Config{}): a middleware around its calls, and whether
	// it would let one through now, which every pick asks. It is called once per
	// connection, with the instance's ID, and may return nil for either part.
	// No guard if nil.
	Guard func(instance string) (mw endpoint.Middleware, ready func() bool)

	// Outliers ejects the instances that do much worse than the others: it is a
	// breaker that compares. &OutlierConfig{} is good. No ejection if nil.
	Outliers *OutlierConfig

	// SlowStart lets new instances have few calls at first. No slow start if its
	// Window is zero.
	SlowStart SlowStartConfig

	// PanicBelow is the share of the connected instances that must be usable: up,
	// not ejected, and let through by their guard. When it is smaller, calls go
	// to all of them, past their guards, as Envoy's do below one half: the usable
	// few are not left with the load of all. If zero, negative or not a number,
	// that is so only when nobody is usable; above 1 it is 1.
	PanicBelow float64

	Classify     classify.Func // what a call's end says about the instance; classify.Default if nil
	DrainTimeout time.Duration // how long a removed instance's connection waits for calls in flight; 30 s if zero; not at all if negative, when some are no error
	MinBackoff   time.Duration // before a failed factory is called again; 100 ms if zero
	MaxBackoff   time.Duration // it doubles up to this, with full jitter; 10 s if zero
	Logger       log.Logger    // told when a connection cannot be made, or not be closed, and when that ends, and of ejections; silent if nil
	Explain      int           // how many picks to remember for Pool.Explain; none if zero, which costs nothing
	Virtual      *Virtual      // the clock and the chance of a simulation; the machine's if nil
}

func (c PoolConfig) withDefaults() PoolConfig {
	orElse := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	orElse(&c.DrainTimeout, 30*time.Second)
	orElse(&c.MinBackoff, 100*time.Millisecond)
	orElse(&c.MaxBackoff, 10*time.Second)
	c.MinBackoff = max(c.MinBackoff, time.Millisecond) // never a busy loop
	c.MaxBackoff = max(c.MaxBackoff, c.MinBackoff)
	c.SlowStart, c.PanicBelow = c.SlowStart.withDefaults(), asShare(c.PanicBelow)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.Logger == nil {
		c.Logger = log.NewNopLogger()
	}
	return c
}

// Pool keeps one node per instance of a service: connected while the instance
// is there, and remembered by its ID through every other change. One Pool
// serves all methods and all balancers of a client. It is safe for concurrent
// use, and whoever made it closes it.
//
// Instances that drain or are critical stay connected, but are not picked. One
// whose address changes is connected anew: its old connection is used until the
// new one is there, then drained, and what was learned about the old process
// (latency, failures, guard) goes with it. Of several with one ID or one
// address, one is used.
type Pool struct {
	cfg     PoolConfig
	factory kitsd.Factory
	started time.Time // base of now
	snap    atomic.Pointer[snapshot]

	relaxed atomic.Int64 // when relax last ran
	mean    atomicFloat  // latency that calls meet at present, in nanoseconds; 0 if unknown

	unreachable func(id string) // tells src of an instance that refuses calls; nil if it does not care

	plain     bool        // snapshot.plain
	outliers  *outliers   // nil if nobody is ejected
	panicking atomic.Bool // see PoolConfig.PanicBelow
	peaks     atomic.Bool // a PeakEWMA wants to know

	recorder *recorder // nil if nobody wants explanations

	stop     context.CancelFunc // ends watching and connecting
	done     chan struct{}      // closed when Close begins
	wg       sync.WaitGroup     // every goroutine of the pool
	closed   chan struct{}      // closed once closeErr is there
	closeErr error

	mu        sync.Mutex // guards what follows, and writing snap
	members   map[string]*member
	order     []*member // members, sorted by ID
	sets      uint64    // how many sets the source has given
	leaving   []*node   // to be retired once picks no longer see them
	published time.Time // when snap was replaced last
	gathering bool      // a publish is on its way
	dialing   int       // how many members have a dial
	followers []func(*snapshot)
	source    error // why members may be stale or empty; nil if there is nothing to say
	shut      bool  // Close has begun: the source is followed no more
}

var _ kitsd.Endpointer = (*Pool)(nil)

// errNotSynced is the reason there is no endpoint before the source spoke.
var errNotSynced = errors.New("not synced yet: the source of instances has not answered")

// Mistakes in the program, which every pick tells of.
var (
	errNoSource  = errors.New("lb.NewPool was given no source of instances (nil Instancer): pass one")
	errNoFactory = errors.New("lb.NewPool was given no factory (nil): pass a function that connects to an address")
)

// NewPool returns a pool of the instances that src knows, each connected by f
// with its address. It works with any go-kit Instancer; one that is an
// sd.Source gives whole instances, of others the address is also the ID. One
// with a method Unreachable(id string) is told of instances that refuse calls.
// NewPool neither blocks nor waits for the first instance: see WaitReady. The pool
// never stops src. f is called on goroutines of the pool's own, one per
// instance, so it may block; it is called again, after a pause, when it fails
// or panics. If the closer that f returns has a method OnDrain(f func()), as
// kithttp's and kitgrpc's do, it tells the pool by f that the instance said it
// leaves: for half a minute it is called only if there is nobody else. Without src or f there is never an instance to pick, and the error
// says why.
func NewPool(src kitsd.Instancer, f kitsd.Factory, cfg PoolConfig) *Pool {
	ctx, stop := context.WithCancel(context.Background())
	p := &Pool{
		cfg:     cfg.withDefaults(),
		factory: f,
		started: time.Now(),
		stop:    stop,
		done:    make(chan struct{}),
		closed:  make(chan struct{}),
		members: make(map[string]*member),
		source:  errNotSynced,
	}
	if s, ok := src.(interface{ Unreachable(id string) }); ok {
		p.unreachable = s.Unreachable
	}
	if cfg.Outliers != nil {
		p.outliers = &outliers{cfg: cfg.Outliers.withDefaults()}
	}
	p.plain = cfg.Guard == nil && p.outliers == nil && p.cfg.SlowStart.Window == 0 && p.cfg.PanicBelow == 0
	if cfg.Explain > 0 {
		p.recorder = newRecorder(p, cfg.Explain)
	}
	follow := func() {}
	switch {
	case src == nil:
		p.source = errNoSource
	case f == nil:
		p.source = errNoFactory
	default:
		follow = func() { p.watch(ctx, src) }
	}
	p.snap.Store(newSnapshot(nil, p.plain, p.source))
	p.wg.Go(follow)
	return p
}

// Endpoints implements go-kit's Endpointer, for go-kit's balancers: the
// endpoints of all instances that can be picked, in the order of their IDs. The
// slice is shared and must not be changed. A call through one of them is
// tracked and guarded. It is refused, with an error that answers true to
// NotSent() bool, if the instance was tried before by a call of
// middleware/retry, or its guard lets nothing through: Endpoint then picks
// again. Without any instance the error matches ErrNoEndpoints and says why.
func (p *Pool) Endpoints() ([]endpoint.Endpoint, error) {
	s := p.snap.Load()
	return s.offers(), s.err
}

// meeting is for how long WaitReady waits for the others. It is twice as long as
// kitgrpc's factory takes for an instance that does not answer.
const meeting = 2 * time.Second

// WaitReady waits until there is an instance to pick, and then until every other one
// has been met: the factory has connected it, or failed to. The first calls would
// else all go to who was there first, and none of them elsewhere if that one is
// dead. It waits for the others for two seconds at most, and not when ctx ends.
//
// It returns an error that matches both ErrNoEndpoints, with the reason, and
// ctx.Err() if ctx ends before there is anybody, and ErrNoEndpoints when the pool is
// closed.
func (p *Pool) WaitReady(ctx context.Context) error {
	if err := p.waitForOne(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, meeting)
	defer cancel()
	for s := p.snap.Load(); s.unmet; s = p.snap.Load() {
		select {
		case <-s.replaced:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (p *Pool) waitForOne(ctx context.Context) error {
	for {
		s := p.snap.Load()
		switch {
		case len(s.pickable) > 0:
			return nil
		case errors.Is(s.err, errClosed):
			return s.err
		}
		select {
		case <-s.replaced:
		case <-ctx.Done():
			if s.err == nil { // somebody to call if there is nobody else
				return fmt.Errorf("wait for an instance: all are critical or leave: %w", ctx.Err())
			}
			return fmt.Errorf("wait for an instance: %w: %w", ctx.Err(), s.err)
		}
	}
}
