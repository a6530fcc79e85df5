package observe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/middleware/classify"
)

// teller tells all observers.
type teller struct {
	cfg  Config
	base time.Time     // a time since it is cheaper than a time
	told []atomic.Bool // by observer: the logger knows that it panics
}

func newTeller(cfg Config) *teller {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return &teller{cfg: cfg.withDefaults(), base: time.Now(), told: make([]atomic.Bool, len(cfg.Observers))}
}

// middleware observes calls, which meet says what is known of.
func (t *teller) middleware(meet func(context.Context, any) (context.Context, *Call)) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		if len(t.cfg.Observers) == 0 {
			return next
		}
		return func(ctx context.Context, request any) (response any, err error) {
			ctx, c := meet(ctx, request)
			ctx = t.start(ctx, c)
			began := time.Since(t.base)
			r := Result{Outcome: classify.Failure, Err: ErrUnfinished} // what a panic and runtime.Goexit leave
			defer func() {
				r.Took = time.Since(t.base) - began
				t.end(ctx, c, &r)
			}()
			response, err = next(ctx, request)
			r.Outcome, r.Err, r.Response = t.cfg.Classify(ctx, response, err), err, response
			return response, err
		}
	}
}

// start tells all observers that a call starts.
func (t *teller) start(ctx context.Context, c *Call) context.Context {
	for i := 0; i < len(t.cfg.Observers); {
		ctx, i = t.startFrom(ctx, i, c) //nolint:fatcontext // each observer adds to what the one before it did
	}
	return ctx
}

// startFrom tells the observers from the i-th on, up to the first that panics.
// It returns the next one to tell: one recover serves all, as long as none does.
func (t *teller) startFrom(ctx context.Context, i int, c *Call) (out context.Context, next int) {
	out = ctx
	defer func() {
		if p := recover(); p != nil {
			t.report(i, p)
			next = i + 1
		}
	}()
	for ; i < len(t.cfg.Observers); i++ {
		if added := t.cfg.Observers[i].Start(out, c); added != nil {
			out = added //nolint:fatcontext // as in start
		}
	}
	return out, i
}

// end tells all observers that a call has ended, the last first.
func (t *teller) end(ctx context.Context, c *Call, r *Result) {
	for i := len(t.cfg.Observers) - 1; i >= 0; {
		i = t.endFrom(ctx, i, c, r)
	}
}

func (t *teller) endFrom(ctx context.Context, i int, c *Call, r *Result) (next int) {
	defer func() {
		if p := recover(); p != nil {
			t.report(i, p)
			next = i - 1
		}
	}()
	for ; i >= 0; i-- {
		t.cfg.Observers[i].End(ctx, c, *r)
	}
	return i
}

// report tells the logger, once, that the i-th observer panics.
func (t *teller) report(i int, p any) {
	if !t.told[i].Swap(true) {
		level.Error(t.cfg.Logger).Log("msg", "an observer panics, which is told once", "observer", fmt.Sprintf("%T", t.cfg.Observers[i]), "panic", fmt.Sprint(p))
	}
}
