package stub

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/go-kit/log"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// kitBalancer is the balancer of one gRPC connection. It connects to every
// instance, and shows gRPC a picker that asks a pool. gRPC calls its methods one
// at a time; picks come from anywhere.
type kitBalancer struct {
	cc       balancer.ClientConn
	kind     kind
	feed     *feed
	conns    *subconns
	settings *settings
	policy   *policy
	methods  methods
	pool     atomic.Pointer[pool] // nil before the first update

	synced bool  // a set has been seen
	err    error // what the resolver said last; nil if it was a set
}

var _ balancer.Balancer = (*kitBalancer)(nil)

func newBalancer(cc balancer.ClientConn, k kind) *kitBalancer {
	b := &kitBalancer{cc: cc, kind: k, feed: newFeed()}
	b.conns = newSubconns(cc, b.listen)
	b.settings = &settings{logger: log.NewNopLogger()}
	return b
}

var errNobody = errors.New("no instance is registered: the resolver knows no address")

// UpdateClientConnState implements balancer.Balancer.
func (b *kitBalancer) UpdateClientConnState(s balancer.ClientConnState) error {
	all := read(s.ResolverState.Endpoints)
	b.feed.unreachable.Store(unreachableOf(s.ResolverState))
	set := b.conns.update(all)
	b.feed.replace(set)
	b.adopt(s)
	b.synced, b.err = true, nil
	b.show()
	if len(all) == 0 {
		return balancer.ErrBadResolverState
	}
	return nil
}

func unreachableOf(s resolver.State) *told {
	if t, ok := s.Attributes.Value(unreachableKey{}).(told); ok {
		return &t
	}
	return nil
}

// adopt makes a pool by the settings of s, unless there is one: what was learned
// about instances goes when the settings change, as the policy may.
func (b *kitBalancer) adopt(s balancer.ClientConnState) {
	if given, ok := s.ResolverState.Attributes.Value(settingsKey{}).(*settings); ok && given != b.settings {
		b.settings, b.policy = given, nil
	}
	p, ok := s.BalancerConfig.(*policy)
	if !ok {
		p = plain(b.kind)
		if b.policy != nil {
			p = b.policy
		}
	}
	if b.pool.Load() != nil && p.equal(b.policy) {
		return
	}
	b.policy = p
	next, err := newPool(b.conns, b.feed, p, b.settings)
	if err != nil { // ParseConfig has made one like it
		_ = b.settings.logger.Log("msg", "balancer cannot be made", "err", err)
		return
	}
	if old := b.pool.Swap(next); old != nil {
		old.close()
	}
	if p.reports == nil { // what was reported counted by other settings
		b.feed.weigh(nil)
	}
}

// ResolverError implements balancer.Balancer. Instances that are known stay.
func (b *kitBalancer) ResolverError(err error) {
	b.err = err
	b.show()
}

// listen is told what becomes of a connection.
func (b *kitBalancer) listen(c *conn, s balancer.SubConnState) {
	connect, look := c.became(s)
	if connect {
		c.sc.Connect()
	}
	if look {
		b.cc.ResolveNow(resolver.ResolveNowOptions{})
	}
	if s.ConnectivityState == connectivity.TransientFailure && refused(s.ConnectionError) {
		b.feed.Unreachable(c.id)
	}
	b.show()
}

// refused says whether err, why there is no connection, is more than a lack of time.
func refused(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return err != nil && (!ok || !timeout.Timeout())
}

// show tells gRPC how the connections are, with a new picker, so that calls that
// wait try again.
func (b *kitBalancer) show() {
	st := b.conns.standing()
	state := balancer.State{ConnectivityState: st.state}
	switch st.state {
	case connectivity.Ready:
		state.Picker = &picker{b: b, ready: st.ready}
	case connectivity.Connecting:
		state.Picker = none{balancer.ErrNoSubConnAvailable}
	default:
		// Only the text: a status within, such as a registry's, would end calls that
		// can wait, and with its code.
		state.Picker = none{errors.New(b.why(st).Error())}
	}
	b.cc.UpdateState(state)
}

// why says why nobody can be called.
func (b *kitBalancer) why(st standing) error {
	switch {
	case st.err != nil && b.err != nil:
		return fmt.Errorf("none of %d instances can be reached: %s: %w; and the resolver fails: %w", st.known, st.example, st.err, b.err)
	case st.err != nil:
		return fmt.Errorf("none of %d instances can be reached: %s: %w", st.known, st.example, st.err)
	case b.err != nil:
		return b.err
	case b.synced && st.known == 0:
		if s, _ := b.feed.Snapshot(); len(s.Instances) > 0 {
			return fmt.Errorf("%d instances are known, all of them leaving", len(s.Instances))
		}
	}
	return errNobody
}

// UpdateSubConnState is not called: SubConns have listeners.
func (*kitBalancer) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// ExitIdle implements balancer.Balancer.
func (b *kitBalancer) ExitIdle() { b.conns.wake() }

// Close implements balancer.Balancer. Calls under way go on until gRPC ends them.
func (b *kitBalancer) Close() {
	b.conns.update(nil)
	b.feed.replace(nil)
	if p := b.pool.Swap(nil); p != nil {
		p.close()
	}
}

// none is a picker that has nobody.
type none struct{ err error }

// Pick implements balancer.Picker.
func (n none) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, n.err
}
