package middleware

import (
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/recovery"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// ServerConfig is everything that surrounds the endpoints of one service. The zero
// value is good: panics are recovered, and calls are bounded. The policies by
// pointer are left out if nil.
type ServerConfig struct {
	Service   string             // for observers and String; "service" if empty
	Observers []observe.Observer // of calls; none if empty

	Recovery  recovery.Config   // Logger is the one below if it is nil
	Timeout   timeout.Config    // of a call, if its caller has not less
	Shed      *shed.Config      // turns down the least important calls when the process has too much to do
	Auth      *auth.Config      // who calls
	RateLimit *ratelimit.Config // how often; of everybody on their own, with its Key
	Limit     *limit.Config     // how many at a time, found out by their latency

	Methods map[string]ServerMethodConfig // what is different, by the method's name
	Known   []string                      // if given, the only names that Methods may have: those of the interface

	Classify classify.Func // for every policy that has none of its own; classify.Default if nil
	Logger   log.Logger    // told of panics, and of observers that panic; standard error if nil
}

// ServerMethodConfig is what is different for one method. What is zero is as in
// the ServerConfig.
type ServerMethodConfig struct {
	Timeout   timeout.Config            // field by field
	RateLimit *ratelimit.Config         // besides the service's
	Allow     func(auth.Principal) bool // who may call it; everybody whom Auth lets in if nil
	Public    bool                      // without Auth
}
