package ticker

import (
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/middleware"
)

// Compose surrounds the server's endpoints with middleware. Every call passes
// it, whichever wire it came over:
//
//	HTTP or gRPC → recovery → timeout → Service
//
// and, in their places, what else cfg asks for. What is the same wherever the
// service runs is set here:
//
//	cfg.Shed = &shed.Config{}                     // too busy: turn the least important calls down
//	cfg.RateLimit = &ratelimit.Config{Rate: 1000} // so many calls a second; with Key, of each caller
//	cfg.Limit = &limit.Config{}                   // as many at a time as do not slow one another down
//
// and what differs, such as those who may call or who watches, by main:
//
//	Auth:      &auth.Config{Verifiers: []auth.Verifier{keys.Verify}}, // and authhttp.Extract, authgrpc.ExtractOptions at the wires
//	Observers: []observe.Observer{metrics},
//
// Any go-kit middleware fits as well, around all endpoints or around one. What
// is applied last is the first to see a call:
//
//	e = Wrap(e, func(method string) endpoint.Middleware { return logging(logger, method) })
//	e.Last = audited(e.Last)
func Compose(e Endpoints, cfg middleware.ServerConfig) (Endpoints, error) {
	stack, err := middleware.Server(cfg.For("ticker", Methods()))
	if err != nil {
		return Endpoints{}, err
	}
	if cfg.Logger != nil {
		_ = level.Info(cfg.Logger).Log("msg", "calls pass", "stack", stack)
	}
	return Wrap(e, stack.Method), nil
}
