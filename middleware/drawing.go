package middleware

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// String draws the stack as it is, outermost first, with its numbers, and what is
// different for which method:
//
//	calls to addsvc, outermost first
//	  timeout    10s
//	  retry      3 attempts of 2s each, of calls that were not sent
//	  pick       lb.Endpoint
//	  of each instance:
//	    breaker    5 failures in a row, or 50 % of 10 or more in 10s; open for 5s to 1m
//	    transport
func (s *ClientStack) String() string {
	d := drawing{}
	c := &s.cfg
	d.head("calls to %s, outermost first", c.Service)
	d.plan(c, c.plan(""), true)
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		d.head("%s", name)
		d.plan(c, c.plan(name), false)
	}
	return d.String()
}

// plan draws what one method gets; what all share is drawn once, with the service.
func (d *drawing) plan(c *ClientConfig, p plan, whole bool) {
	d.observers(len(c.Observers), whole, "observe")
	d.row("timeout", timeoutText(p.Timeout))
	if p.Fallback != nil {
		d.row("fallback", "when the call failed")
	}
	if p.Cache != nil {
		d.row("cache", cacheText(p.Cache.TTL, p.Cache.MaxStale))
	}
	if p.Coalesce != nil {
		d.row("coalesce", "calls of one key are one")
	}
	if whole {
		d.shared(c)
	}
	d.row("retry", retryText(p))
	if whole {
		d.row("pick", "lb.Endpoint")
		d.instance(c)
	}
}

func (d *drawing) shared(c *ClientConfig) {
	if t := c.Throttle; t != nil {
		d.row("throttle", fmt.Sprintf("from %v calls for each that is accepted, in %v", cmp.Or(t.K, 2), short(cmp.Or(t.Window, 2*time.Minute))))
	}
	if b := c.Bulkhead; b != nil {
		most := cmp.Or(b.MaxInFlight, 100)
		d.row("bulkhead", fmt.Sprintf("%d calls at a time, %d more wait up to %v", most, max(0, cmp.Or(b.MaxQueue, most)), short(cmp.Or(b.MaxWait, bulkheadWait))))
	}
	if c.ServiceBreaker != nil {
		d.row("breaker", "of the service: "+breakerText(*c.ServiceBreaker))
	}
}

func (d *drawing) instance(c *ClientConfig) {
	d.line("  of each instance:")
	d.indent = "  "
	if l := c.Limit; l != nil {
		d.row("limit", fmt.Sprintf("%d to %d calls at a time", max(l.Min, 1), cmp.Or(l.Max, 1000)))
	}
	d.row("breaker", breakerText(c.Breaker))
	d.observers(len(c.Observers), true, "observe")
	d.row("transport", "")
	d.indent = ""
}

// String draws the stack as it is, outermost first, with its numbers, and what is
// different for which method.
func (s *ServerStack) String() string {
	d := drawing{}
	c := &s.cfg
	d.head("calls of %s, outermost first", c.Service)
	d.observers(len(c.Observers), true, "observe")
	d.row("recovery", "")
	d.row("timeout", timeoutText(c.Timeout))
	if c.Shed != nil {
		d.row("shed", "the least important first")
	}
	if c.Auth != nil {
		d.row("auth", count(len(c.Auth.Verifiers), "way")+" to find out who calls")
	}
	if c.RateLimit != nil {
		d.row("ratelimit", rateText(c.RateLimit.Rate, c.RateLimit.Key != nil))
	}
	if l := c.Limit; l != nil {
		d.row("limit", fmt.Sprintf("%d to %d calls at a time", cmp.Or(l.Min, 4), cmp.Or(l.Max, 1000)))
	}
	d.row("service", "")
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		m := c.Methods[name]
		d.head("%s", name)
		d.row("timeout", timeoutText(within(m.Timeout, c.Timeout)))
		switch {
		case m.Public:
			d.row("auth", "public")
		case m.Allow != nil:
			d.row("auth", "and allowed")
		}
		if m.RateLimit != nil {
			d.row("ratelimit", "and "+rateText(m.RateLimit.Rate, m.RateLimit.Key != nil))
		}
	}
	return d.String()
}

// drawing is a stack being drawn.
type drawing struct {
	strings.Builder

	indent string
}

func (d *drawing) head(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }
func (d *drawing) line(text string)                { d.WriteString(text + "\n") }

func (d *drawing) row(name, text string) {
	d.line(strings.TrimRight(fmt.Sprintf("  %s%-10s %s", d.indent, name, text), " "))
}

func (d *drawing) observers(n int, whole bool, name string) {
	if n > 0 && whole {
		d.row(name, "by "+count(n, "observer"))
	}
}

// count is n things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func timeoutText(t timeout.Config) string {
	text := "none"
	if d := cmp.Or(t.Timeout, defaultTotal); d > 0 {
		text = short(d)
	}
	if t.Least > 0 {
		text += fmt.Sprintf(", not begun with less than %v", short(t.Least))
	}
	if t.Measured {
		text += ", not begun with less than the median"
	}
	return text
}

func cacheText(ttl, stale time.Duration) string {
	text := "for " + short(cmp.Or(ttl, 10*time.Second))
	if stale > 0 {
		text += fmt.Sprintf(", and %v more for a call that failed", short(stale))
	}
	return text
}

func retryText(p plan) string {
	r := p.Retry
	n := cmp.Or(r.Attempts, 3)
	var b strings.Builder
	b.WriteString(count(n, "attempt"))
	switch d := attemptTimeout(p); {
	case d > 0 && n == 1:
		fmt.Fprintf(&b, " of %v", short(d))
	case d > 0:
		fmt.Fprintf(&b, " of %v each", short(d))
	}
	switch {
	case n == 1:
	case r.Faults:
		b.WriteString(", of calls that failed")
	case r.Idempotent:
		b.WriteString(", of calls that failed, but not with 500")
	default:
		b.WriteString(", of calls that were not sent")
	}
	if r.Hedge != nil {
		b.WriteString(hedgeText(*r.Hedge))
	}
	if r.Unbounded {
		b.WriteString("; without a budget")
	}
	return b.String()
}

func hedgeText(h retry.HedgeConfig) string {
	return fmt.Sprintf("; the second after p%.4g, at least %v, of up to %.3g %%",
		100*cmp.Or(h.Percentile, 0.98), short(cmp.Or(h.Floor, hedgeFloor)), 100*cmp.Or(h.MaxShare, 0.03))
}

func breakerText(b breaker.Config) string {
	text := fmt.Sprintf("%d failures in a row, or %.3g %% of %d or more in %v", cmp.Or(b.Consecutive, 5), 100*cmp.Or(b.Ratio, 0.5), cmp.Or(b.MinCalls, 10), short(cmp.Or(b.Window, breakerWindow)))
	if b.SlowCall > 0 {
		text += fmt.Sprintf(", also of calls over %v", short(b.SlowCall))
	}
	return text + fmt.Sprintf("; open for %v to %v", short(cmp.Or(b.OpenFor, 5*time.Second)), short(cmp.Or(b.MaxOpen, time.Minute)))
}

func rateText(rate float64, keyed bool) string {
	text := "by a limiter of the service's own"
	if rate > 0 {
		text = strconv.FormatFloat(rate, 'f', -1, 64) + " a second"
	}
	if keyed {
		text += ", each key"
	}
	return text
}

// short is d without the zeros that time.Duration adds: 1m, not 1m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
