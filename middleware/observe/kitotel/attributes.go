package kitotel

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
)

// attributes returns what is known of a call as it starts and differs among the
// calls of a method.
func (o *Observer) attributes(c *observe.Call) []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, 8)
	add := func(key, value string) {
		if value != "" {
			all = append(all, attribute.String(key, valid(value)))
		}
	}
	add("kit.balancer", c.Balancer)
	if c.Side != observe.Attempt {
		return all
	}
	add("kit.instance", c.Instance)
	add("kit.breaker", c.Breaker)
	all = append(all, attribute.Int("kit.attempt", c.Attempt))
	if o.http && c.Attempt > 1 {
		all = append(all, semconv.HTTPRequestResendCount(c.Attempt-1))
	}
	if host, port, err := net.SplitHostPort(c.Instance); err == nil {
		all = append(all, semconv.ServerAddress(valid(host)))
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			all = append(all, semconv.ServerPort(int(n)))
		}
	}
	return all
}

// ending is how a call ended, as far as few words say it.
type ending struct {
	outcome  classify.Outcome
	status   int
	failed   bool // by the conventions
	panicked bool
}

func endingOf(side observe.Side, r observe.Result) ending {
	e := ending{outcome: r.Outcome, status: r.Status()}
	switch {
	case e.status < 400: // no error, but a Classify of the user's may know better
		e.failed = r.Outcome.Failed()
	case e.status < 500:
		e.failed = side != observe.Server
	default:
		e.failed = true
	}
	e.panicked = errors.Is(r.Err, observe.ErrUnfinished)
	if e.outcome > classify.Fault {
		e.outcome = classify.Fault + 1 // whatever a Classify of the user's makes up
	}
	return e
}

func (e ending) attributes() []attribute.KeyValue {
	status := strconv.Itoa(e.status)
	all := []attribute.KeyValue{
		semconv.RPCResponseStatusCode(status),
		attribute.String("kit.outcome", outcome(e.outcome)),
	}
	switch {
	case e.panicked:
		all = append(all, semconv.ErrorTypeKey.String("panic"))
	case e.failed && e.status < 400:
		all = append(all, semconv.ErrorTypeKey.String(outcome(e.outcome)))
	case e.failed:
		all = append(all, semconv.ErrorTypeKey.String(status))
	}
	return all
}

func outcome(o classify.Outcome) string {
	if o > classify.Fault {
		return "other"
	}
	return o.String()
}

// maxText is how much of an error's text a span takes, in bytes.
const maxText = 256

// text returns err's, cut at a character near maxText, and mended where it is
// not UTF-8: OTLP would lose the whole batch.
func text(err error) string {
	if err == nil {
		return ""
	}
	s := err.Error()
	if len(s) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return valid(s)
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
