package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	orcapb "github.com/cncf/xds/go/xds/data/orca/v3"
	"github.com/zeromicro/go-zero/core/logx"
	_ "github.com/zeromicro/go-zero/zrpc" // registers p2c_ewma
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/ringhash"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/balancer/weightedroundrobin"
	"google.golang.org/grpc/metadata"
)

// refresh is how often weighted_round_robin takes over the weights it was told.
const refresh = time.Second

// openGRPC measures grpc-go's policies as they are, over connections without a
// network. weighted_round_robin has been told of every server's load, and so
// has weights; ring_hash has its default size, which is too small a ring for
// more than four thousand instances.
func openGRPC(n int) ([]*subject, error) {
	var subjects []*subject
	for _, c := range []struct {
		policy, registered, config string
		ready                      func(*grpcConn, int) error
	}{
		{roundRobin, roundrobin.Name, `{}`, nil},
		{"weighted_round_robin", weightedroundrobin.Name, `{"blackoutPeriod":"0s","weightExpirationPeriod":"36000s"}`, reportLoads},
		{"least_request", leastrequest.Name, `{"choiceCount":2}`, nil},
		{"ring_hash", ringhash.Name, `{"requestHashHeader":"user"}`, func(c *grpcConn, _ int) error { return c.meet() }},
	} {
		s, err := grpcSubject("grpc", c.policy, c.registered, c.config, n, c.ready)
		if err != nil {
			return nil, err
		}
		if c.policy == roundRobin {
			s.stall = s.pick
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// openGoZero measures go-zero's balancer, which is a policy of grpc-go. Its
// package is internal, but registers it.
func openGoZero(n int) ([]*subject, error) {
	logx.Disable() // it logs its loads every minute
	s, err := grpcSubject("gozero", "p2c", "p2c_ewma", `{}`, n, nil)
	if err != nil {
		return nil, err
	}
	return []*subject{s}, nil
}

func grpcSubject(system, policy, registered, config string, n int, ready func(*grpcConn, int) error) (*subject, error) {
	c, err := newGRPCConn(registered, config)
	if err != nil {
		return nil, err
	}
	if err = c.open(n); err != nil {
		return nil, err
	}
	if ready != nil {
		if err = ready(c, n); err != nil {
			return nil, fmt.Errorf("%s: %w", registered, err)
		}
	}
	s := &subject{
		system: system, policy: policy, pick: c.picks, call: c.calls, settle: c.meet,
		add: c.change(n + 1), remove: c.change(n), close: c.policy.Close,
	}
	if policy == roundRobin {
		s.call = nil // it is not told of a call's end
	}
	return s, nil
}

func (c *grpcConn) change(size int) func() error {
	return func() error {
		if err := c.resolve(size); err != nil {
			return err
		}
		return c.first(callers[0])
	}
}

// callers are the calls of so many users, for ring_hash.
var callers = func() (all [keys]balancer.PickInfo) { //nolint:gochecknoglobals // a table
	contexts := keyedContexts(func(ctx context.Context, key string) context.Context {
		return metadata.NewOutgoingContext(ctx, metadata.Pairs("user", key))
	})
	for i, ctx := range contexts {
		all[i] = balancer.PickInfo{FullMethodName: "/svc/Method", Ctx: ctx}
	}
	return all
}()

func (c *grpcConn) picks(ops int) error {
	for i := range ops {
		r, err := (*c.picker.Load()).Pick(callers[i%keys])
		if err != nil {
			return err
		}
		if r.SubConn == nil {
			return errNothing
		}
		if r.Done != nil {
			r.Done(balancer.DoneInfo{})
		}
	}
	return nil
}

func (c *grpcConn) calls(ops int) error {
	for i := range ops {
		info := callers[i%keys]
		r, err := (*c.picker.Load()).Pick(info)
		if err != nil {
			return err
		}
		if r.SubConn == nil {
			return errNothing
		}
		_, err = nop(info.Ctx, nil)
		if r.Done != nil {
			r.Done(balancer.DoneInfo{Err: err})
		}
	}
	return nil
}

// first picks for a call that may be the first to its connection, which
// ring_hash makes only then.
func (c *grpcConn) first(call balancer.PickInfo) error {
	var err error
	waited := until("a connection of grpc's", func() bool {
		c.deliver()
		var r balancer.PickResult
		if r, err = (*c.picker.Load()).Pick(call); err == nil && r.Done != nil {
			r.Done(balancer.DoneInfo{})
		}
		return !errors.Is(err, balancer.ErrNoSubConnAvailable)
	})
	return errors.Join(waited, err)
}

// meet makes the connections of all callers.
func (c *grpcConn) meet() error {
	for _, call := range callers {
		if err := c.first(call); err != nil {
			return err
		}
	}
	return nil
}

// reportLoads has every server answer once with its load, and waits until the
// policy made weights of that: ours, 1 to 3.
func reportLoads(c *grpcConn, n int) error {
	told := make(map[balancer.SubConn]bool, n)
	for picks := 0; len(told) < n; picks++ {
		if picks > 100*n {
			return fmt.Errorf("only %d of %d instances were picked", len(told), n)
		}
		r, err := (*c.picker.Load()).Pick(callers[0])
		if err != nil {
			return err
		}
		r.Done(balancer.DoneInfo{ServerLoad: &orcapb.OrcaLoadReport{
			RpsFractional: float64(weight(len(told))), ApplicationUtilization: 1,
		}})
		told[r.SubConn] = true
	}
	time.Sleep(refresh + refresh/10)
	return nil
}
