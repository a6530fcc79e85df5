package middleware

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/recovery"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// ServerStack is everything that surrounds the endpoints of one service, in its
// order:
//
//	stack, err := middleware.Server(middleware.ServerConfig{Service: "addsvc"})
//	sum = stack.Method("Sum")(sum)
//
// Its methods are safe for concurrent use. There is nothing to close.
type ServerStack struct {
	cfg   ServerConfig
	calls func(method string) endpoint.Middleware

	recovery                     endpoint.Middleware
	shed, auth, ratelimit, limit endpoint.Middleware // of all methods; nil if left out

	methods methods
}

// Server returns the stack that cfg describes, or every reason why there is none:
// see ServerConfig.Validate.
func Server(cfg ServerConfig) (*ServerStack, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &ServerStack{cfg: cfg.filled()}
	c := &s.cfg
	s.calls = observe.Calls(observe.Config{Side: observe.Server, Service: c.Service, Observers: c.Observers, Classify: c.Classify, Logger: c.Logger})
	s.recovery = recovery.New(c.Recovery)
	if c.Shed != nil {
		s.shed = shed.New(*c.Shed)
	}
	if c.Auth != nil {
		s.auth = auth.New(*c.Auth)
	}
	if c.RateLimit != nil {
		s.ratelimit = ratelimit.New(*c.RateLimit)
	}
	if c.Limit != nil {
		s.limit = limit.New(*c.Limit)
	}
	return s, nil
}

func (c ServerConfig) filled() ServerConfig {
	if c.Service == "" {
		c.Service = "service"
	}
	if c.Logger == nil {
		c.Logger = log.NewLogfmtLogger(log.NewSyncWriter(os.Stderr))
	}
	if c.Recovery.Logger == nil {
		c.Recovery.Logger = c.Logger
	}
	if c.Limit != nil {
		l := *c.Limit
		l.Classify = orElse(l.Classify, c.Classify)
		c.Limit = &l
	}
	return c
}

// Method returns what surrounds an endpoint: a middleware to put around the
// service's own. All methods share what turns calls down. Asked again for a method,
// it returns the same.
func (s *ServerStack) Method(name string) endpoint.Middleware {
	return s.methods.get(name, s.around)
}

// around is what surrounds an endpoint, outermost first.
func (s *ServerStack) around(name string) []endpoint.Middleware {
	m := s.cfg.Methods[name]
	all := []endpoint.Middleware{s.calls(name), s.recovery, timeout.New(within(m.Timeout, s.cfg.Timeout)), s.shed}
	if !m.Public {
		all = append(all, s.auth)
	}
	if m.Allow != nil {
		all = append(all, auth.Require(m.Allow))
	}
	all = append(all, s.ratelimit)
	if m.RateLimit != nil {
		all = append(all, ratelimit.New(*m.RateLimit))
	}
	all = append(all, s.limit)
	return slices.DeleteFunc(all, func(mw endpoint.Middleware) bool { return mw == nil })
}

// Validate returns every error of every policy, and every contradiction between
// two of them, each with the field's name and the mend.
func (c *ServerConfig) Validate() error {
	errs := []error{
		field("Observers", observe.Config{Observers: c.Observers}.Validate()),
		field("Timeout", c.Timeout.Validate()),
	}
	if c.Shed != nil {
		errs = append(errs, field("Shed", c.Shed.Validate()))
	}
	if c.Auth != nil {
		errs = append(errs, field("Auth", c.Auth.Validate()))
	}
	if c.RateLimit != nil {
		errs = append(errs, field("RateLimit", c.RateLimit.Validate()))
	}
	if c.Limit != nil {
		errs = append(errs, field("Limit", c.Limit.Validate()))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		errs = append(errs, c.validateMethod(name))
	}
	return errors.Join(errs...)
}

func (c *ServerConfig) validateMethod(name string) error {
	m, at := c.Methods[name], fmt.Sprintf("Methods[%q]", name)
	switch {
	case c.Known != nil && !slices.Contains(c.Known, name):
		return fmt.Errorf("middleware: ServerConfig.%s: there is no such method; want one of %s", at, strings.Join(c.Known, ", "))
	case m.Public && m.Allow != nil:
		return fmt.Errorf("middleware: ServerConfig.%s is Public and has Allow: nobody would be known to be allowed; drop the one or the other", at)
	case m.Allow != nil && c.Auth == nil:
		return fmt.Errorf("middleware: ServerConfig.%s has Allow, and there is no Auth to find out who calls: add ServerConfig.Auth", at)
	case m.Public && c.Auth == nil:
		return fmt.Errorf("middleware: ServerConfig.%s is Public, and so are all others, since there is no Auth: add ServerConfig.Auth, or drop Public", at)
	}
	errs := []error{field(at+".Timeout", within(m.Timeout, c.Timeout).Validate())}
	if m.RateLimit != nil {
		errs = append(errs, field(at+".RateLimit", m.RateLimit.Validate()))
	}
	return errors.Join(errs...)
}
