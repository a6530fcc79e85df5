package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
)

// download is a response that outlives its call.
type download struct {
	ctx  context.Context
	ends []func(error)
}

func (d *download) OnEnd(f func(error)) { d.ends = append(d.ends, f) }

// TestBodiesAreNotCutByTheAttempt: the response of an attempt is read after it.
func TestBodiesAreNotCutByTheAttempt(t *testing.T) {
	for _, cfg := range []retry.Config{
		{Streams: true},
		{Streams: true, Idempotent: true, Hedge: &retry.HedgeConfig{}},
		{AttemptTimeout: 2 * time.Hour},
		{AttemptTimeout: -1},
	} {
		synctest.Test(t, func(t *testing.T) {
			open := func(ctx context.Context, _ any) (any, error) {
				body, cancel := context.WithCancel(ctx) // as a transport derives its own
				_ = cancel
				return &download{ctx: body}, nil
			}
			ctx, cancel := context.WithCancel(t.Context())
			response, err := retry.New(cfg)(open)(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			d := response.(*download)
			time.Sleep(time.Hour)
			synctest.Wait()
			if d.ctx.Err() != nil {
				t.Errorf("%+v: an hour later its context is %v", cfg, d.ctx.Err())
			}
			for _, end := range d.ends {
				end(nil)
			}
			if cfg.AttemptTimeout >= 0 && d.ctx.Err() == nil {
				t.Errorf("%+v: it ended, and its context did not", cfg)
			}
			cancel()
			synctest.Wait()
			if d.ctx.Err() == nil {
				t.Errorf("%+v: the caller left, and the body goes on", cfg)
			}
		})
	}
}

func TestOpeningAStreamTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := retry.New(retry.Config{Streams: true, Attempts: 1})(func(ctx context.Context, _ any) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		start := time.Now()
		if _, err := call(t.Context(), nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestResponsesThatAreNotReturnedEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []context.Context
		call := retry.New(retry.Config{Idempotent: true, Streams: true, Classify: func(context.Context, any, error) classify.Outcome {
			return classify.Failure
		}})(func(ctx context.Context, _ any) (any, error) {
			all = append(all, ctx)
			return &download{ctx: ctx}, nil
		})
		if _, err := call(t.Context(), nil); err != nil || len(all) != 3 {
			t.Fatalf("%d attempts, %v", len(all), err)
		}
		for i, ctx := range all {
			if ended := ctx.Err() != nil; ended != (i < 2) {
				t.Errorf("the context of attempt %d has ended: %t", i+1, ended)
			}
		}
	})
}
