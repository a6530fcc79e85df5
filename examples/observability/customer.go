package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// customers are four that call the shop, one call after the other and with a plain
// http.Client, until ctx ends. It counts what became of that.
func customers(ctx context.Context, shop sd.Watcher, t *telemetry) (calls, failed int, err error) {
	instances := sd.NewInstancer(shop, sd.InstancerConfig{})
	defer instances.Stop()
	stack, err := middleware.Client(middleware.ClientConfig{
		Service: "shop", Balancer: "adaptive", Observers: t.observers,
		Retry: retry.Config{AttemptTimeout: -1}, // a POST is sent once: what bounds the call is enough
	})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	factory := kithttp.RequestFactory(kithttp.ClientConfig{}, kitotel.ContextToHTTP(nil)) // the server hears of the trace
	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: stack.Guard})
	defer func() { err = errors.Join(err, pool.Close()) }()
	client := &http.Client{Transport: kithttp.NewRoundTripper(stack.Method("Total")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))))}

	if pool.WaitReady(ctx) != nil {
		return 0, 0, nil // ctx has ended
	}
	var all, wrong atomic.Int64
	var crowd sync.WaitGroup
	for range 4 {
		crowd.Go(func() {
			for pause := time.NewTicker(10 * time.Millisecond); ctx.Err() == nil; <-pause.C {
				all.Add(1)
				if buy(context.WithoutCancel(ctx), client) != nil {
					wrong.Add(1)
				}
			}
		})
	}
	crowd.Wait()
	return int(all.Load()), int(wrong.Load()), nil
}

// buy asks for one total, and wants the right one.
func buy(ctx context.Context, client *http.Client) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://shop/total", strings.NewReader(`{"items": ["tea", "cake"]}`))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var sum total
	if err := json.NewDecoder(resp.Body).Decode(&sum); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || sum.Amount != 7 {
		return fmt.Errorf("%s: %d", resp.Status, sum.Amount)
	}
	return nil
}
