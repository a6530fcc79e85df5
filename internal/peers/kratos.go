package main

import (
	"context"
	"strconv"

	"github.com/go-kratos/kratos/v2/registry"
	"github.com/go-kratos/kratos/v2/selector"
	"github.com/go-kratos/kratos/v2/selector/p2c"
	"github.com/go-kratos/kratos/v2/selector/random"
	"github.com/go-kratos/kratos/v2/selector/wrr"
)

// openKratos measures kratos' selectors. Each hands out a function to be called
// at the call's end.
func openKratos(n int) ([]*subject, error) {
	var subjects []*subject
	for _, c := range []struct {
		policy string
		by     selector.Selector
	}{
		{"p2c", p2c.New()},
		{"wrr", wrr.New()},
		{randomName, random.New()},
	} {
		c.by.Apply(kratosNodes(n))
		apply := func(size int) func() error {
			return func() error {
				c.by.Apply(kratosNodes(size))
				return kratosPicks(c.by)(1)
			}
		}
		s := &subject{
			system: "kratos", policy: c.policy, pick: kratosPicks(c.by), call: kratosCalls(c.by),
			add: apply(n + 1), remove: apply(n),
		}
		if c.policy == "p2c" {
			s.stall = s.pick
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// kratosNodes is made anew for every change, as kratos' resolvers do.
func kratosNodes(n int) []selector.Node {
	nodes := make([]selector.Node, n)
	for i := range nodes {
		nodes[i] = selector.NewNode("grpc", addr(i), &registry.ServiceInstance{
			ID: addr(i), Name: "svc", Metadata: map[string]string{"weight": strconv.Itoa(weight(i))},
		})
	}
	return nodes
}

func kratosPicks(by selector.Selector) func(ops int) error {
	ctx := context.Background()
	return func(ops int) error {
		for range ops {
			node, done, err := by.Select(ctx)
			if err != nil {
				return err
			}
			if node == nil {
				return errNothing
			}
			done(ctx, selector.DoneInfo{})
		}
		return nil
	}
}

func kratosCalls(by selector.Selector) func(ops int) error {
	ctx := context.Background()
	return func(ops int) error {
		for range ops {
			node, done, err := by.Select(ctx)
			if err != nil {
				return err
			}
			if node == nil {
				return errNothing
			}
			_, err = nop(ctx, nil)
			done(ctx, selector.DoneInfo{Err: err})
		}
		return nil
	}
}
