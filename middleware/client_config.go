package middleware

import (
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/coalesce"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// ClientConfig is everything that surrounds the calls to one service. The zero
// value is good for calls that are not idempotent: a timeout, retries of what was
// not sent, and a breaker for each instance. The policies by pointer are left out
// if nil.
type ClientConfig struct {
	Service   string             // that is called: for observers, errors and String; "service" if empty
	Balancer  string             // that picks, such as "adaptive": for observers; unknown if empty
	Observers []observe.Observer // of calls and of attempts; none if empty

	Timeout  timeout.Config   // of a whole call
	Throttle *throttle.Config // spares a service that turns calls away
	Bulkhead *bulkhead.Config // bounds the calls under way
	Breaker  breaker.Config   // of each instance
	Limit    *limit.Config    // of each instance: how many calls at a time

	// ServiceBreaker stops all calls when too many of them fail whatever the
	// instance. One method or one bad release can then stop the whole service,
	// which is why it is left out unless you ask.
	ServiceBreaker *breaker.Config

	// Retry is for all methods; Methods may say otherwise. They share its Budget,
	// which is made if nil.
	Retry retry.Config

	Methods map[string]MethodConfig // what is different, by the method's name
	Known   []string                // if given, the only names that Methods may have: those of the interface

	Classify classify.Func // for every policy that has none of its own; classify.Default if nil
	Logger   log.Logger    // told of circuits that open and close, and of observers that panic; silent if nil
}

// MethodConfig is what is different for one method. What is zero is as in the
// ClientConfig.
type MethodConfig struct {
	Timeout  timeout.Config // of a whole call; field by field
	Retry    retry.Config   // field by field
	Once     bool           // not idempotent, although ClientConfig.Retry.Idempotent says so of all
	Fallback *fallback.Config
	Cache    *cache.Config
	Coalesce *coalesce.Config
}
