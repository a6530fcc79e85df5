package middleware

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
)

// For is c for the service of that name, whose interface says of its methods
// what is in methods; every method has an entry there. What c says overrides it,
// field by field: an entry of c.Methods with Once or Retry.Idempotent that of the
// interface. c.Retry, in turn, is for what the interface leaves open, so that an
// Idempotent there repeats no method whose entry is Once.
//
// An attempt that may take longer than usual, whichever of the two says so of a
// method, needs more time around it. Where c says nothing, For has a call take up to four times its attempt's timeout, which
// is room for three and the pauses, and the breakers look back on two of the
// longest.
func (c ClientConfig) For(service string, methods map[string]MethodConfig) ClientConfig {
	c.Service = cmp.Or(c.Service, service)
	if c.Known == nil {
		c.Known = slices.Sorted(maps.Keys(methods))
	}
	merged := make(map[string]MethodConfig, len(methods))
	maps.Copy(merged, c.Methods)
	longest := time.Duration(0)
	for name, m := range methods {
		m = c.Methods[name].or(m)
		attempt := m.Retry.AttemptTimeout
		longest = max(longest, attempt)
		if c.Timeout.Timeout == 0 && m.Timeout.Timeout == 0 {
			m.Timeout.Timeout = above(defaultTotal, 4*attempt)
		}
		merged[name] = m
	}
	c.Methods = merged
	c.Breaker = patient(c.Breaker, longest)
	if c.ServiceBreaker != nil {
		b := patient(*c.ServiceBreaker, longest)
		c.ServiceBreaker = &b
	}
	return c
}

// patient is b, looking back far enough to remember attempts that hang.
func patient(b breaker.Config, attempt time.Duration) breaker.Config {
	b.Window = cmp.Or(b.Window, above(breakerWindow, 2*attempt))
	b.ProbeLease = cmp.Or(b.ProbeLease, above(breakerLease, attempt))
	return b
}

// For is c for the service of that name, as ClientConfig.For is for its clients.
// Where c says nothing of it, a call may take as long as the interface has an
// attempt take, if that is more than usual. A method without a timeout, as one that
// streams, has none unless an entry of c.Methods says otherwise: c.Timeout is for
// calls that are to end.
func (c ServerConfig) For(service string, methods map[string]MethodConfig) ServerConfig {
	c.Service = cmp.Or(c.Service, service)
	if c.Known == nil {
		c.Known = slices.Sorted(maps.Keys(methods))
	}
	merged := maps.Clone(c.Methods)
	for name, m := range methods {
		long := above(defaultTotal, m.Retry.AttemptTimeout)
		if c.Timeout.Timeout != 0 {
			long = 0
		}
		if m.Timeout.Timeout < 0 {
			long = m.Timeout.Timeout
		}
		if s := merged[name]; long != 0 && s.Timeout.Timeout == 0 {
			if merged == nil {
				merged = make(map[string]ServerMethodConfig)
			}
			s.Timeout.Timeout = long
			merged[name] = s
		}
	}
	c.Methods = merged
	return c
}

// above is d if it is more than usual, else zero, which means the usual.
func above(usual, d time.Duration) time.Duration { //nolint:unparam // three defaults are alike by chance
	if d > usual {
		return d
	}
	return 0
}
