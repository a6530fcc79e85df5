package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// addr of the i-th instance.
func addr(i int) string { return fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255) }

// weight of the i-th instance. Three different ones, since some peers take a
// shorter way when all are alike.
func weight(i int) int { return 10 * (1 + i%3) }

// Names that several systems have.
const (
	floorName  = "floor"
	oursName   = "kitgen"
	golangName = "golang"
	roundRobin = "round_robin"
	randomName = "random"
)

// keys is how many callers the balancers by hash tell apart: a power of two.
const keys = 64

// keyedContexts returns a context for each key, by what puts a key into one.
func keyedContexts(with func(ctx context.Context, key string) context.Context) []context.Context {
	all := make([]context.Context, keys)
	for i := range all {
		all[i] = with(context.Background(), fmt.Sprintf("user-%d", i)) //nolint:fatcontext // each stands alone
	}
	return all
}

// nop is the endpoint of every instance.
func nop(context.Context, any) (any, error) { return nil, nil } //nolint:nilnil // an answer that costs nothing

var errNothing = errors.New("picked nothing")

// patience is how long something in the background may take until it shows.
const patience = 30 * time.Second

// until waits for cond without giving the processor away for longer than others
// need it: what it waits for takes microseconds.
func until(what string, cond func() bool) error {
	deadline := time.Now().Add(patience)
	for i := 0; !cond(); i++ {
		if i%1024 == 1023 && time.Now().After(deadline) {
			return fmt.Errorf("wait for %s: not within %v", what, patience)
		}
		runtime.Gosched()
	}
	return nil
}
