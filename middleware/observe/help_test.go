package observe_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/middleware/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// notes is an observer that writes down what it is told.
type notes struct {
	name string

	mu  sync.Mutex // guards all
	all []string
}

type nameKey struct{ name string }

func (n *notes) Start(ctx context.Context, c *observe.Call) context.Context {
	n.note("start %v %s/%s", c.Side, c.Service, c.Method)
	return context.WithValue(ctx, nameKey{n.name}, true)
}

func (n *notes) End(ctx context.Context, c *observe.Call, r observe.Result) {
	n.note("end %v %s/%s %v: %v, %v", c.Side, c.Service, c.Method, r.Outcome, r.Response, r.Err)
}

func (n *notes) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, fmt.Sprintf(format, args...))
}

// funcs is an observer made of two functions; either may be nil.
type funcs struct {
	start func(context.Context, *observe.Call) context.Context
	end   func(context.Context, *observe.Call, observe.Result)
}

func (f funcs) Start(ctx context.Context, c *observe.Call) context.Context {
	if f.start == nil {
		return nil
	}
	return f.start(ctx, c)
}

func (f funcs) End(ctx context.Context, c *observe.Call, r observe.Result) {
	if f.end != nil {
		f.end(ctx, c, r)
	}
}
