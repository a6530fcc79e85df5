package middleware

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/observe"
)

// Validate returns every error of every policy, and every contradiction between
// two of them, each with the field's name and the mend.
func (c *ClientConfig) Validate() error {
	errs := []error{
		field("Observers", observe.Config{Observers: c.Observers}.Validate()),
		field("Timeout", c.Timeout.Validate()),
		field("Retry", c.Retry.Validate()),
		field("Breaker", c.Breaker.Validate()),
	}
	if c.Throttle != nil {
		errs = append(errs, field("Throttle", c.Throttle.Validate()))
	}
	if c.Bulkhead != nil {
		errs = append(errs, field("Bulkhead", c.Bulkhead.Validate()))
	}
	if c.Limit != nil {
		errs = append(errs, field("Limit", c.Limit.Validate()))
	}
	if c.ServiceBreaker != nil {
		errs = append(errs, field("ServiceBreaker", c.ServiceBreaker.Validate()))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		errs = append(errs, c.validateMethod(name))
	}
	if err := errors.Join(errs...); err != nil {
		return err // numbers that make no sense contradict everything
	}
	errs = nil
	if !c.knowsAll() {
		errs = append(errs, c.contradictions(c.plan(""), ""))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		errs = append(errs, c.contradictions(c.plan(name), name))
	}
	return errors.Join(errs...)
}

// knowsAll reports whether every method there is has an entry of its own, so that
// nobody gets what all others get.
func (c *ClientConfig) knowsAll() bool {
	return len(c.Known) > 0 && !slices.ContainsFunc(c.Known, func(name string) bool {
		_, ok := c.Methods[name]
		return !ok
	})
}

func (c *ClientConfig) validateMethod(name string) error {
	at := fmt.Sprintf("Methods[%q]", name)
	m := c.Methods[name]
	switch {
	case c.Known != nil && !slices.Contains(c.Known, name):
		return fmt.Errorf("middleware: ClientConfig.%s: there is no such method; want one of %s", at, strings.Join(c.Known, ", "))
	case m.Once && (m.Retry.Idempotent || m.Retry.Faults || m.Retry.Hedge != nil):
		return fmt.Errorf("middleware: ClientConfig.%s is Once, and its Retry repeats calls that may have been carried out (Idempotent, Faults or Hedge): drop the one or the other", at)
	}
	p := c.plan(name)
	errs := []error{field(at+".Timeout", p.Timeout.Validate()), field(at+".Retry", p.Retry.Validate())}
	if p.Fallback != nil {
		errs = append(errs, field(at+".Fallback", p.Fallback.Validate()))
	}
	if p.Cache != nil {
		errs = append(errs, field(at+".Cache", p.Cache.Validate()))
	}
	if p.Coalesce != nil {
		errs = append(errs, field(at+".Coalesce", p.Coalesce.Validate()))
	}
	return errors.Join(errs...)
}

// contradictions are those of what one method gets; name is empty for a method
// that is as all others.
func (c *ClientConfig) contradictions(p plan, name string) error {
	at := ""
	if name != "" {
		at = fmt.Sprintf("Methods[%q].", name)
	}
	attempt, total := attemptTimeout(p), totalTimeout(p)
	errs := []error{
		c.breakerAgainst(attempt, at, "Breaker", c.Breaker),
	}
	if c.ServiceBreaker != nil {
		errs = append(errs, c.breakerAgainst(attempt, at, "ServiceBreaker", *c.ServiceBreaker))
	}
	if attempt > 0 && total > 0 && attempt > total {
		errs = append(errs, fmt.Errorf("middleware: ClientConfig.%sRetry.AttemptTimeout is %v and the whole call's Timeout.Timeout %v: "+
			"an attempt cannot outlast its call; lower the one or raise the other", at, attempt, total))
	}
	if h := p.Retry.Hedge; h != nil && attempt > 0 {
		if floor := cmp.Or(h.Floor, hedgeFloor); floor >= attempt {
			errs = append(errs, fmt.Errorf("middleware: ClientConfig.%sRetry.Hedge.Floor is %v and AttemptTimeout %v: "+
				"there never would be a second attempt beside the first; lower the one or raise the other", at, floor, attempt))
		}
	}
	if b := c.Bulkhead; b != nil && b.MaxQueue >= 0 && total > 0 {
		if wait := cmp.Or(b.MaxWait, bulkheadWait); wait >= total {
			errs = append(errs, fmt.Errorf("middleware: ClientConfig.Bulkhead.MaxWait is %v and %sTimeout.Timeout %v: "+
				"who waits so long has no time left for the call; lower the one or raise the other", wait, at, total))
		}
	}
	return errors.Join(errs...)
}

// breakerAgainst says whether a breaker would miss calls that hang.
func (c *ClientConfig) breakerAgainst(attempt time.Duration, at, which string, b breaker.Config) error {
	window := cmp.Or(b.Window, breakerWindow)
	lease := cmp.Or(b.ProbeLease, breakerLease)
	switch {
	case attempt <= 0:
		return nil
	case window < 2*attempt:
		return fmt.Errorf("middleware: ClientConfig.%s.Window is %v and %sRetry.AttemptTimeout %v: "+
			"calls that hang are forgotten before there are enough of them; want a Window of at least twice the timeout, %v", which, window, at, attempt, 2*attempt)
	case lease < attempt:
		return fmt.Errorf("middleware: ClientConfig.%s.ProbeLease is %v and %sRetry.AttemptTimeout %v: "+
			"a probe that is still under way counts as failed; raise the one or lower the other", which, lease, at, attempt)
	}
	return nil
}

// What is used where a config says nothing. TestDefaultsAreThoseOfThePolicies and
// TestDefaultsOfWaiting hold them to the policies' own.
const (
	breakerWindow  = 10 * time.Second
	breakerLease   = 10 * time.Second
	defaultAttempt = 2 * time.Second
	defaultTotal   = 10 * time.Second
	hedgeFloor     = 10 * time.Millisecond
	bulkheadWait   = 100 * time.Millisecond
)

// attemptTimeout and totalTimeout are negative if there is none.
func attemptTimeout(p plan) time.Duration { return cmp.Or(p.Retry.AttemptTimeout, defaultAttempt) }
func totalTimeout(p plan) time.Duration   { return cmp.Or(p.Timeout.Timeout, defaultTotal) }

// field says which field of a stack's config the error of a policy's is about.
func field(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("middleware: in %s: %w", name, err)
}
