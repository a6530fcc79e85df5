package main

import (
	"context"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/adaptivethrottler"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/cachepolicy"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/fallback"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
)

// roomy is a bound of calls in flight that those measured stay below.
const roomy = 64

// aroundFailsafe measures failsafe-go's policies, through an executor that is
// there already, and without a context of the call's, which would cost more. An
// adaptive limit begins, and stays, above the calls there are.
func aroundFailsafe() ([]layer, error) {
	retry, breaker := retrypolicy.NewWithDefaults[any](), circuitbreaker.NewWithDefaults[any]()
	limit := adaptivelimiter.NewBuilder[any]().WithLimits(roomy, 4*roomy, roomy).Build()
	var all []layer
	for _, c := range []struct {
		policy string
		by     []failsafe.Policy[any]
	}{
		{"retry", []failsafe.Policy[any]{retry}},
		{"breaker", []failsafe.Policy[any]{breaker}},
		{"retry_breaker", []failsafe.Policy[any]{retry, breaker}},
		{"adaptivelimiter", []failsafe.Policy[any]{limit}},
		{"adaptivethrottler", []failsafe.Policy[any]{adaptivethrottler.NewWithDefaults[any]()}},
		{"bulkhead", []failsafe.Policy[any]{bulkhead.New[any](roomy)}},
		{"timeout", []failsafe.Policy[any]{timeout.New[any](time.Second)}},
		{"fallback", []failsafe.Policy[any]{fallback.NewWithResult[any](request)}},
	} {
		all = append(all, layer{policy: c.policy, loop: throughGet(failsafe.With(c.by...).Get)})
	}
	return append(all, failsafeCache()), nil
}

// answers is a failsafe-go cache: that is left to whoever uses it.
type answers struct{ sync.Map }

func (a *answers) Get(key string) (any, bool) { return a.Load(key) }
func (a *answers) Set(key string, answer any) { a.Store(key, answer) }

func failsafeCache() layer {
	by := failsafe.With(cachepolicy.New[any](new(answers)))
	ownKey := keysInTurn()
	call := func() (any, error) { return nop(context.Background(), request) }
	return layer{policy: "cachepolicy", loop: func(ops int) error {
		own := by.WithContext(cachepolicy.ContextWithCacheKey(context.Background(), ownKey()))
		for range ops {
			if _, err := own.Get(call); err != nil {
				return err
			}
		}
		return nil
	}}
}
