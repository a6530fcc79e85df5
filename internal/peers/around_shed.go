package main

import (
	"context"

	"github.com/go-kit/kit/endpoint"

	"github.com/go-kratos/aegis/circuitbreaker/sre"
	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/zeromicro/go-zero/core/breaker"
	"github.com/zeromicro/go-zero/core/load"
	"github.com/zeromicro/go-zero/core/logx"
)

// unheard is a load of the processor, in thousandths, that there cannot be: the
// benchmark keeps it busy, and what sheds by it would turn its calls down.
const unheard = 2000

// aroundGoZero measures go-zero's breaker, which throttles, and its shedder.
func aroundGoZero() ([]layer, error) {
	logx.Disable()
	by, shedder, ctx := breaker.NewBreaker(), load.NewAdaptiveShedder(load.WithCpuThreshold(unheard)), context.Background()
	call := func() error {
		_, err := nop(ctx, request)
		return err
	}
	return []layer{
		{policy: "breaker", loop: func(ops int) error {
			for range ops {
				if err := by.Do(call); err != nil {
					return err
				}
			}
			return nil
		}},
		{policy: "shedder", loop: func(ops int) error {
			for range ops {
				promise, err := shedder.Allow()
				if err != nil {
					return err
				}
				if err = call(); err != nil {
					return err
				}
				promise.Pass()
			}
			return nil
		}},
	}, nil
}

// aroundAegis measures what kratos throttles and sheds by.
func aroundAegis() ([]layer, error) {
	by, shedder, ctx := sre.NewBreaker(), bbr.NewLimiter(bbr.WithCPUThreshold(unheard)), context.Background()
	return []layer{
		{policy: "sre", loop: func(ops int) error {
			for range ops {
				if err := by.Allow(); err != nil {
					return err
				}
				if _, err := nop(ctx, request); err != nil {
					return err
				}
				by.MarkSuccess()
			}
			return nil
		}},
		{policy: "bbr", loop: func(ops int) error {
			for range ops {
				done, err := shedder.Allow()
				if err != nil {
					return err
				}
				_, err = nop(ctx, request)
				done(ratelimit.DoneInfo{Err: err})
			}
			return nil
		}},
	}, nil
}

// aroundKratos measures what of kratos' middleware is its own.
func aroundKratos() ([]layer, error) {
	return []layer{{policy: "recovery", loop: throughEndpoint(endpoint.Endpoint(recovery.Recovery()(nop)))}}, nil
}
