package middleware

import (
	"cmp"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// plan is what one method gets: a MethodConfig filled in from the ClientConfig.
type plan struct {
	MethodConfig

	name string
}

// plan returns that of the method name.
func (c *ClientConfig) plan(name string) plan {
	m := c.Methods[name].or(MethodConfig{Timeout: c.Timeout, Retry: c.Retry})
	m.Retry.Classify = orElse(m.Retry.Classify, c.Classify)
	if m.Fallback != nil {
		f := *m.Fallback
		f.Classify = orElse(f.Classify, c.Classify)
		m.Fallback = &f
	}
	if m.Cache != nil {
		k := *m.Cache
		k.Classify = orElse(k.Classify, c.Classify)
		m.Cache = &k
	}
	return plan{m, name}
}

// or is m, and what is zero in it as in other. Who says of a call that it may be
// repeated, or that it may not, overrides an other that says the opposite.
func (m MethodConfig) or(other MethodConfig) MethodConfig {
	return MethodConfig{
		Timeout:  within(m.Timeout, other.Timeout),
		Retry:    m.retries(other.Retry),
		Once:     m.Once || other.Once && !m.Retry.Idempotent,
		Fallback: cmp.Or(m.Fallback, other.Fallback),
		Cache:    cmp.Or(m.Cache, other.Cache),
		Coalesce: cmp.Or(m.Coalesce, other.Coalesce),
	}
}

func within(m, all timeout.Config) timeout.Config {
	return timeout.Config{
		Timeout:  cmp.Or(m.Timeout, all.Timeout),
		Least:    cmp.Or(m.Least, all.Least),
		Measured: m.Measured || all.Measured,
	}
}

// retries is the retry policy of m, and what is zero in it as in all.
func (m MethodConfig) retries(all retry.Config) retry.Config {
	r := m.Retry
	if m.Once { // what is said of all holds for those that may be repeated
		all.Idempotent, all.Faults, all.Hedge = false, false, nil
	}
	r.Attempts = cmp.Or(r.Attempts, all.Attempts)
	r.AttemptTimeout = cmp.Or(r.AttemptTimeout, all.AttemptTimeout)
	r.MinBackoff = cmp.Or(r.MinBackoff, all.MinBackoff)
	r.MaxBackoff = cmp.Or(r.MaxBackoff, all.MaxBackoff)
	r.MaxPushback = cmp.Or(r.MaxPushback, all.MaxPushback)
	r.Idempotent = r.Idempotent || all.Idempotent
	r.Faults = r.Faults || all.Faults
	r.Hedge = cmp.Or(r.Hedge, all.Hedge)
	if m.Retry.Attempts == 1 { // no second attempt of any kind
		r.Hedge = m.Retry.Hedge
	}
	r.Streams = r.Streams || all.Streams
	if r.Budget == nil && !r.Unbounded {
		r.Budget, r.Unbounded = all.Budget, all.Unbounded
	}
	r.Classify = orElse(r.Classify, all.Classify)
	if r.OnRetry == nil {
		r.OnRetry = all.OnRetry
	}
	return r
}

func orElse(f, other classify.Func) classify.Func {
	if f == nil {
		return other
	}
	return f
}
