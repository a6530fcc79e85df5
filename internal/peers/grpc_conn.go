package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

// grpcConn is what a grpc-go policy sees of a channel: connections that are
// ready as soon as they are asked for, without a network. What it tells the
// policy of them waits until the policy has returned, as in grpc-go, where one
// goroutine does all of it.
type grpcConn struct {
	balancer.ClientConn // grpc-go wants it embedded; every method is below

	policy balancer.Balancer
	config serviceconfig.LoadBalancingConfig
	picker atomic.Pointer[balancer.Picker]

	opening atomic.Bool // see Connect

	mu   sync.Mutex
	news []func() // to be told to the policy, in order
}

func newGRPCConn(policy, config string) (*grpcConn, error) {
	builder := balancer.Get(policy)
	if builder == nil {
		return nil, fmt.Errorf("grpc: no policy %q is registered", policy)
	}
	c := new(grpcConn)
	if p, ok := builder.(balancer.ConfigParser); ok {
		parsed, err := p.ParseConfig(json.RawMessage(config))
		if err != nil {
			return nil, fmt.Errorf("parse config of %s: %w", policy, err)
		}
		c.config = parsed
	}
	c.policy = builder.Build(c, balancer.BuildOptions{})
	return c, nil
}

// resolve gives the policy n instances, and waits for their connections.
func (c *grpcConn) resolve(n int) error {
	state := resolver.State{Addresses: make([]resolver.Address, n), Endpoints: make([]resolver.Endpoint, n)}
	for i := range n {
		a := resolver.Address{Addr: addr(i)}
		state.Addresses[i] = a
		state.Endpoints[i] = resolver.Endpoint{Addresses: []resolver.Address{a}}
	}
	if err := c.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: state, BalancerConfig: c.config}); err != nil {
		return fmt.Errorf("update the policy: %w", err)
	}
	c.deliver()
	return nil
}

// open is resolve for the first time.
func (c *grpcConn) open(n int) error {
	c.opening.Store(true)
	defer c.opening.Store(false)
	return c.resolve(n)
}

// deliver tells the policy the news, and those that come of them.
func (c *grpcConn) deliver() {
	for {
		c.mu.Lock()
		news := c.news
		c.news = nil
		c.mu.Unlock()
		if len(news) == 0 {
			return
		}
		for _, tell := range news {
			tell()
		}
	}
}

func (c *grpcConn) later(tell ...func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.news = append(c.news, tell...)
}

func (c *grpcConn) NewSubConn(_ []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return &grpcSubConn{conn: c, listen: opts.StateListener}, nil
}

func (c *grpcConn) UpdateState(s balancer.State) { c.picker.Store(&s.Picker) }

func (*grpcConn) RemoveSubConn(sc balancer.SubConn)                    { sc.Shutdown() }
func (*grpcConn) UpdateAddresses(balancer.SubConn, []resolver.Address) {}
func (*grpcConn) ResolveNow(resolver.ResolveNowOptions)                {}
func (*grpcConn) Target() string                                       { return "bench" }
func (*grpcConn) MetricsRecorder() estats.MetricsRecorder {
	return estats.UnimplementedMetricsRecorder{}
}

// grpcSubConn is a connection without a network.
type grpcSubConn struct {
	balancer.SubConn

	conn   *grpcConn
	listen func(balancer.SubConnState)
}

func (s *grpcSubConn) is(state connectivity.State) func() {
	return func() { s.listen(balancer.SubConnState{ConnectivityState: state}) }
}

// Connect tells of the connections before this one while the first set of
// instances is on its way: their part of the policy is done with them, and the
// policy as a whole makes a picker only in the end. Told one by one later, ten
// thousand connections would mean ten thousand pickers of ten thousand.
func (s *grpcSubConn) Connect() {
	if s.conn.opening.Load() {
		s.conn.deliver()
	}
	s.conn.later(s.is(connectivity.Connecting), s.is(connectivity.Ready))
}

func (s *grpcSubConn) RegisterHealthListener(listen func(balancer.SubConnState)) {
	s.conn.later(func() { listen(balancer.SubConnState{ConnectivityState: connectivity.Ready}) })
}

func (s *grpcSubConn) Shutdown()                        { s.conn.later(s.is(connectivity.Shutdown)) }
func (*grpcSubConn) UpdateAddresses([]resolver.Address) {}
func (*grpcSubConn) GetOrBuildProducer(balancer.ProducerBuilder) (balancer.Producer, func()) {
	return nil, func() {}
}
