package middleware

import (
	"errors"
	"slices"
	"sync"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/coalesce"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// ClientStack is everything that surrounds the calls to one service, in its order:
//
//	stack, err := middleware.Client(middleware.ClientConfig{Service: "addsvc"})
//	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: stack.Guard})
//	pick := lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))
//	sum := stack.Method("Sum")(pick)
//
// Its methods are safe for concurrent use. Whoever made it closes it, after the
// pool.
type ClientStack struct {
	cfg      ClientConfig
	circuits *breaker.Group
	service  *breaker.Group                                           // of the ServiceBreaker; nil without
	limits   func(instance string) (endpoint.Middleware, func() bool) // nil without Limit
	attempts func(instance string) endpoint.Middleware
	calls    func(method string) endpoint.Middleware
	throttle *throttle.Throttle    // nil without
	bulkhead *bulkhead.Bulkhead    // nil without
	shared   []endpoint.Middleware // of all methods, outermost first
	methods  methods
}

// Client returns the stack that cfg describes, or every reason why there is none:
// see ClientConfig.Validate.
func Client(cfg ClientConfig) (*ClientStack, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &ClientStack{cfg: cfg.filled()}
	c := &s.cfg
	s.circuits = breaker.NewGroup(c.Breaker)
	if c.Limit != nil {
		s.limits = limit.Each(*c.Limit)
	}
	seen := observe.Config{
		Service: c.Service, Balancer: c.Balancer, Observers: c.Observers,
		Classify: c.Classify, Breaker: s.circuits.State, Logger: c.Logger,
	}
	s.calls, s.attempts = observe.Calls(seen), observe.Attempts(seen)
	if c.Throttle != nil {
		s.throttle = throttle.NewThrottle(*c.Throttle)
		s.shared = append(s.shared, s.throttle.Wrap)
	}
	if c.Bulkhead != nil {
		s.bulkhead = bulkhead.NewBulkhead(*c.Bulkhead)
		s.shared = append(s.shared, s.bulkhead.Wrap)
	}
	if c.ServiceBreaker != nil {
		s.service = breaker.NewGroup(*c.ServiceBreaker)
		mw, _ := s.service.Each(c.Service)
		s.shared = append(s.shared, mw)
	}
	return s, nil
}

// filled returns c with what all policies are to share. What pointers point to is
// copied: the caller's stays as it is.
func (c ClientConfig) filled() ClientConfig {
	if c.Service == "" {
		c.Service = "service"
	}
	if c.Logger == nil {
		c.Logger = log.NewNopLogger()
	}
	if c.Retry.Budget == nil && !c.Retry.Unbounded {
		c.Retry.Budget = retry.NewBudget(retry.BudgetConfig{})
	}
	c.Breaker = c.filledBreaker(c.Breaker)
	if c.ServiceBreaker != nil {
		b := c.filledBreaker(*c.ServiceBreaker)
		b.Openings = true // an instance that dies breaks many streams at once, and no other instance
		c.ServiceBreaker = &b
	}
	if c.Throttle != nil {
		t := *c.Throttle
		t.Classify = orElse(t.Classify, c.Classify)
		if t.Name == "" {
			t.Name = c.Service
		}
		c.Throttle = &t
	}
	if c.Limit != nil {
		l := *c.Limit
		l.Classify = orElse(l.Classify, c.Classify)
		c.Limit = &l
	}
	return c
}

func (c ClientConfig) filledBreaker(b breaker.Config) breaker.Config {
	b.Classify = orElse(b.Classify, c.Classify)
	if b.OnStateChange == nil {
		logger := level.Info(log.With(c.Logger, "service", c.Service))
		b.OnStateChange = func(instance string, from, to breaker.State) {
			_ = logger.Log("msg", "circuit "+to.String(), "instance", instance, "was", from)
		}
	}
	return b
}

// Guard makes what stands before one instance: lb.PoolConfig.Guard. The pick asks
// the breaker alone: when no instance is ready, a pool calls one past its guard,
// which is right when all are broken, and would be the end of the limit when all
// have as many calls as they take. Who has no room turns the call down, and
// lb.Endpoint goes on to the next. What goes past a guard is seen by Observers as a
// call, but not as an attempt.
func (s *ClientStack) Guard(instance string) (mw endpoint.Middleware, ready func() bool) {
	circuit, closed := s.circuits.Each(instance)
	all := []endpoint.Middleware{circuit, s.attempts(instance)}
	if s.limits != nil {
		bound, _ := s.limits(instance)
		all = slices.Insert(all, 0, bound)
	}
	return chain(all), closed
}

// Method returns what surrounds the calls of a method: a middleware to put around
// lb.Endpoint. All methods share the budget, the throttle, the bulkhead and the
// service's breaker. Asked again for a method, it returns the same.
func (s *ClientStack) Method(name string) endpoint.Middleware {
	return s.methods.get(name, s.around)
}

// methods are what surrounds the calls of each method that was asked for. The zero
// value is ready.
type methods struct {
	mu   sync.Mutex // guards made
	made map[string]endpoint.Middleware
}

// get returns what surrounds the calls of a method, which around lists the first
// time, outermost first.
func (m *methods) get(name string, around func(name string) []endpoint.Middleware) endpoint.Middleware {
	m.mu.Lock()
	defer m.mu.Unlock()
	mw, ok := m.made[name]
	if !ok {
		if m.made == nil {
			m.made = make(map[string]endpoint.Middleware)
		}
		mw = chain(around(name))
		m.made[name] = mw
	}
	return mw
}

// around is what surrounds the calls of a method, outermost first.
func (s *ClientStack) around(name string) []endpoint.Middleware {
	p := s.cfg.plan(name)
	all := []endpoint.Middleware{s.calls(name), timeout.New(p.Timeout)}
	if p.Fallback != nil {
		all = append(all, fallback.New(*p.Fallback))
	}
	if p.Cache != nil {
		all = append(all, cache.New(*p.Cache))
	}
	if p.Coalesce != nil {
		all = append(all, coalesce.New(*p.Coalesce))
	}
	all = append(all, s.shared...)
	return append(all, retry.New(p.Retry))
}

// chain is one middleware of several, the first outermost.
func chain(all []endpoint.Middleware) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		for _, mw := range slices.Backward(all) {
			next = mw(next)
		}
		return next
	}
}

// Budget is what the methods' further attempts are taken from; nil if there is no
// bound.
func (s *ClientStack) Budget() *retry.Budget { return s.cfg.Retry.Budget }

// Circuits returns the state of the instances' breakers.
func (s *ClientStack) Circuits() []breaker.Status { return s.circuits.Circuits() }

// Close waits until the changes of circuits have been told, and returns what went
// wrong with that. Calls may go on.
func (s *ClientStack) Close() error {
	err := s.circuits.Close()
	if s.service != nil {
		err = errors.Join(err, s.service.Close())
	}
	return err
}
