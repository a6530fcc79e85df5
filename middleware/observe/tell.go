package observe

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/internal/messages"
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

// meeting is a call that is observed, as it begins.
type meeting struct {
	call     *Call
	messages *messages.Count // that the client sends in its course; nil if nobody counts
	before   int             // of these, how many belong to an attempt before
}

func meet(c *Call, m *messages.Count) meeting { return meeting{c, m, m.Load()} }

// middleware observes calls, which greet says what is known of.
func (t *teller) middleware(greet func(context.Context, any) (context.Context, meeting)) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		if len(t.cfg.Observers) == 0 {
			return next
		}
		return func(ctx context.Context, request any) (response any, err error) {
			ctx, m := greet(ctx, request)
			ctx = t.start(ctx, m.call)
			began := time.Since(t.base)
			r := Result{Outcome: classify.Failure, Err: ErrUnfinished} // what a panic and runtime.Goexit leave
			streaming := false
			defer func() {
				if streaming {
					return
				}
				r.Took = time.Since(t.base) - began
				m.count(&r)
				t.end(ctx, m.call, &r)
			}()
			response, err = next(ctx, request)
			if s, ok := response.(stream); ok && err == nil {
				t.follow(ctx, m, began, s)
				streaming = true // not before: OnEnd may panic, as that of a nil stream does
				return response, err
			}
			r.Err, r.Response = m.answer(ctx, err), response
			r.Outcome = t.cfg.Classify(ctx, response, r.Err)
			return response, err
		}
	}
}

// answer is the error that a call is answered with whose endpoint returned err: why
// the client's stream broke off, if it did.
func (m meeting) answer(ctx context.Context, err error) error {
	if m.messages != nil && m.call.Side == Server {
		if broken := messages.WhyBroken(ctx); broken != nil {
			return broken
		}
	}
	return err
}

// stream is a response that outlives its call: lb.Stream.
type stream interface{ OnEnd(f func(err error)) }

// follow tells of the end of a call when s has ended, which is its response.
func (t *teller) follow(ctx context.Context, m meeting, began time.Duration, s stream) {
	opened := time.Since(t.base)
	var once sync.Once
	s.OnEnd(func(err error) {
		once.Do(func() {
			r := Result{Took: opened - began, Open: max(time.Since(t.base)-opened, 1), Err: err, Response: s}
			r.Outcome = classify.StreamEnd(t.cfg.Classify, ctx, s, err)
			m.count(&r)
			t.end(ctx, m.call, &r)
		})
	})
}

// count says how many messages there were.
func (m meeting) count(r *Result) {
	requests, responses := m.messages.Load()-m.before, 0
	if r.Open > 0 {
		if s, ok := r.Response.(interface{ Count() int }); ok {
			responses = s.Count()
		}
	}
	r.Sent, r.Received = requests, responses
	if m.call.Side == Server {
		r.Sent, r.Received = responses, requests
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
