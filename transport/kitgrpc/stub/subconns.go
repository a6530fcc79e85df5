package stub

import (
	"cmp"
	"slices"
	"strconv"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/kitgen/kitgen/sd"
)

// subconns are the connections of one balancer.
type subconns struct {
	cc     balancer.ClientConn
	listen func(*conn, balancer.SubConnState)

	mu     sync.Mutex // guards what follows, and fields of each conn
	byID   map[string]*conn
	byAddr map[string]*conn // by what a pool knows of byID's
	live   map[*conn]struct{}
	taken  map[string]int // how many live ones have that address
	serial int            // of addresses that are not new
}

func newSubconns(cc balancer.ClientConn, listen func(*conn, balancer.SubConnState)) *subconns {
	return &subconns{cc: cc, listen: listen, byID: map[string]*conn{}, byAddr: map[string]*conn{}, live: map[*conn]struct{}{}, taken: map[string]int{}}
}

// listed is an instance with the addresses to connect to.
type listed struct {
	in    sd.Instance
	addrs []resolver.Address
}

// read returns the instances in a set of endpoints, each ID and each address once.
func read(es []resolver.Endpoint) []listed {
	all := make([]listed, 0, len(es))
	ids, addrs := make(map[string]bool, len(es)), make(map[string]bool, len(es))
	for _, e := range es {
		if len(e.Addresses) == 0 {
			continue
		}
		var in sd.Instance
		if k, ok := e.Attributes.Value(instanceKey{}).(known); ok {
			in = k.Instance
		}
		in.Addr = e.Addresses[0].Addr
		in.ID = cmp.Or(in.ID, in.Addr)
		if ids[in.ID] || addrs[in.Addr] {
			continue
		}
		ids[in.ID], addrs[in.Addr] = true, true
		all = append(all, listed{in, e.Addresses})
	}
	slices.SortFunc(all, func(a, b listed) int { return cmp.Compare(a.in.ID, b.in.ID) })
	return all
}

// update makes the connections those of all, and returns the instances as a pool is to
// see them: with an address that tells one connection from the next.
func (s *subconns) update(all []listed) []sd.Instance {
	set := make([]sd.Instance, len(all))
	keep := make(map[string]bool, len(all))
	var fresh, left []*conn
	s.mu.Lock()
	for i, l := range all {
		keep[l.in.ID] = true
		set[i] = l.in
		c := s.byID[l.in.ID]
		if c != nil && slices.EqualFunc(c.addrs, l.addrs, resolver.Address.Equal) {
			c.wants, set[i].Addr = l.in.State, c.addr
			continue
		}
		if l.in.State == sd.Draining && c == nil {
			continue // nobody will call it
		}
		if c != nil {
			left = append(left, s.drop(c))
		}
		c = s.add(l)
		set[i].Addr = c.addr
		fresh = append(fresh, c)
	}
	for id, c := range s.byID {
		if !keep[id] {
			left = append(left, s.drop(c))
		}
	}
	s.mu.Unlock()
	for _, c := range fresh {
		s.open(c)
	}
	for _, c := range left {
		_ = c.Close() // the set lets go; it returns no error
	}
	return set
}

// add makes a connection that has yet to be opened. s.mu must be held.
func (s *subconns) add(l listed) *conn {
	c := &conn{
		owner: s, id: l.in.ID, wants: l.in.State, addr: l.in.Addr, addrs: l.addrs,
		state: connectivity.Connecting, holders: 1, changed: make(chan struct{}),
	}
	if s.taken[c.addr] > 0 { // a pool would take the one for the other
		s.serial++
		c.addr += "#" + strconv.Itoa(s.serial)
	}
	s.taken[c.addr]++
	s.byID[l.in.ID], s.byAddr[c.addr], s.live[c] = c, c, struct{}{}
	return c
}

// bury forgets a connection that has been shut down. s.mu must be held.
func (s *subconns) bury(c *conn) {
	if _, ok := s.live[c]; !ok {
		return
	}
	delete(s.live, c)
	if s.taken[c.addr]--; s.taken[c.addr] == 0 {
		delete(s.taken, c.addr)
	}
}

// drop takes a connection out of the set, which still holds it. s.mu must be held.
func (s *subconns) drop(c *conn) *conn {
	if s.byID[c.id] == c {
		delete(s.byID, c.id)
	}
	delete(s.byAddr, c.addr)
	c.gone = true
	close(c.changed)
	c.changed = make(chan struct{})
	return c
}

// open makes the SubConn of a connection, and has it connect.
func (s *subconns) open(c *conn) {
	sc, err := s.cc.NewSubConn(c.addrs, balancer.NewSubConnOptions{ //nolint:staticcheck // it warns of what several addresses may come to; there is nothing else to make one with
		HealthCheckEnabled: true,
		StateListener:      func(state balancer.SubConnState) { s.listen(c, state) },
	})
	s.mu.Lock()
	if err != nil { // the connection is being closed
		c.state, c.err = connectivity.TransientFailure, err
		c.failures++
		s.bury(c)
	}
	c.sc = sc
	s.mu.Unlock()
	if err == nil {
		sc.Connect()
	}
}

// wake has idle connections connect.
func (s *subconns) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.byID {
		if c.idle && c.sc != nil {
			c.sc.Connect()
		}
	}
}

// standing is how the connections are, all together.
type standing struct {
	state   connectivity.State
	ready   []*conn // those to call if the pool knows nobody: of the best there are
	known   int     // how many instances there are
	example string  // one that failed
	err     error   // why
}

// standing aggregates the connections as gRPC wants it: one that is ready is enough,
// then one that connects.
func (s *subconns) standing() standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := standing{state: connectivity.TransientFailure, known: len(s.byID)}
	var shunned []*conn
	for _, c := range s.byID {
		switch {
		case c.state == connectivity.Ready && c.wants != sd.Draining && c.wants != sd.Critical:
			st.ready = append(st.ready, c)
		case c.state == connectivity.Ready:
			shunned = append(shunned, c)
		case c.state == connectivity.Connecting:
			st.state = connectivity.Connecting
		case c.err != nil && (st.err == nil || c.id < st.example):
			st.example, st.err = c.id, c.err
		}
	}
	if len(st.ready) == 0 {
		st.ready = shunned
	}
	if len(st.ready) == 0 && len(s.byID) > 0 {
		st.ready = s.former()
	}
	if len(st.ready) > 0 {
		st.state = connectivity.Ready
	}
	return st
}

// former returns those who are ready, though they are not in the set any more: while
// nobody else can be called, they are better than none. s.mu must be held.
func (s *subconns) former() (ready []*conn) {
	for c := range s.live {
		if c.state == connectivity.Ready {
			ready = append(ready, c)
		}
	}
	return ready
}
