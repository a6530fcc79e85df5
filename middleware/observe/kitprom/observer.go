package kitprom

import (
	"context"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/observe"
)

// Observer counts and times calls. One serves all clients and servers of a
// process. It is safe for concurrent use.
type Observer struct {
	traceID func(context.Context) string
	sides   [observe.Attempt + 1]*side
}

var _ observe.Observer = (*Observer)(nil)

// New returns an observer whose metrics are registered. It fails with the error
// of a Config that makes no sense, or with the Registerer's if metrics of these
// names are there already: two Observers cannot share a Registerer. If it
// fails, nothing is registered.
func New(cfg Config) (*Observer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	o := &Observer{traceID: cfg.TraceID}
	var done []prometheus.Collector
	for i := range o.sides {
		s := newSide(observe.Side(i), cfg)
		o.sides[i] = s
		for _, c := range s.collectors() {
			if err := cfg.Registerer.Register(c); err != nil {
				for _, c := range done {
					cfg.Registerer.Unregister(c)
				}
				return nil, err
			}
			done = append(done, c)
		}
	}
	return o, nil
}

// Start implements observe.Observer.
func (o *Observer) Start(ctx context.Context, c *observe.Call) context.Context {
	o.of(c).inFlight.Inc()
	return ctx
}

// End implements observe.Observer.
func (o *Observer) End(ctx context.Context, c *observe.Call, r observe.Result) {
	s := o.of(c)
	s.inFlight.Dec()
	e := s.ending(r)
	e.total.Inc()
	s.streamed(r)
	seconds := float64(r.Took) / 1e9 // Took.Seconds() divides twice
	if id := o.trace(ctx); id != "" {
		e.exemplars.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": id})
		return
	}
	e.took.Observe(seconds)
}

func (o *Observer) of(c *observe.Call) *series { return o.sides[min(c.Side, observe.Attempt)].of(c) }

// maxTraceID keeps an exemplar within what Prometheus takes, which is 128
// characters with its name.
const maxTraceID = 64

func (o *Observer) trace(ctx context.Context) string {
	if o.traceID == nil {
		return ""
	}
	id := o.traceID(ctx)
	if len(id) > maxTraceID || !utf8.ValidString(id) {
		return ""
	}
	return id
}
