package gokit

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/go-kit/kit/metrics"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

// MetricsConfig says what is counted and timed. The zero value does nothing.
type MetricsConfig struct {
	// Calls counts calls. Its labels are side, service, method, outcome and code,
	// the last as observe.Result.Status has it. Not counted if nil.
	Calls metrics.Counter

	// Seconds times calls, streams until they opened. Its labels are side, service,
	// method and outcome. Not timed if nil.
	Seconds metrics.Histogram

	// Open times streams, from their opening to their end, and Messages counts the
	// messages that streams of either side have had. Their labels are side, service
	// and method, and that of Messages direction, too: sent or received. Not timed,
	// or counted, if nil.
	Open     metrics.Histogram
	Messages metrics.Counter

	// Methods is how many methods of all services have labels of their own on each
	// side; 1000 if zero. Those that come later are "other" of their service.
	Methods int
}

// Validate returns an error that names the first field that makes no sense.
func (c MetricsConfig) Validate() error {
	if c.Methods < 0 {
		return fmt.Errorf("gokit: MetricsConfig.Methods is %d: want at least 1, or 0 for 1000", c.Methods)
	}
	return nil
}

// Metrics returns an observer that counts and times with go-kit's metrics,
// whatever is behind them. Their With, which is slow, is called once for each
// set of labels.
//
// A cfg that Validate rejects is a mistake in the program, and Metrics panics
// with Validate's error.
func Metrics(cfg MetricsConfig) observe.Observer {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	o := &observer{cfg: cfg}
	for i := range o.sides {
		o.sides[i] = o.side(observe.Side(i).String())
	}
	return o
}

type observer struct {
	cfg   MetricsConfig
	sides [observe.Attempt + 1]*side
}

type side struct {
	methods *table.Methods[*method]
	others  *table.Table[string, *method] // of methods for which there is no room, by service
}

// method has the metrics of one method.
type method struct {
	endings *table.Table[ending, instruments]
	streams func() streams
}

// streams are metrics with all their labels; any may be nil.
type streams struct {
	open           metrics.Histogram
	sent, received metrics.Counter
}

type ending struct {
	outcome classify.Outcome
	status  int
}

// instruments are metrics with all their labels; either may be nil.
type instruments struct {
	calls   metrics.Counter
	seconds metrics.Histogram
}

func (o *observer) side(name string) *side {
	of := func(service, named string) *method {
		labels := []string{"side", name, "service", service, "method", named}
		return &method{
			endings: table.New(math.MaxInt, func(e ending) instruments { return o.instruments(labels, e) }), // few: see End
			streams: sync.OnceValue(func() streams { return o.streams(labels) }),
		}
	}
	return &side{
		methods: table.NewMethods(cmp.Or(o.cfg.Methods, 1000), of),
		others:  table.New(math.MaxInt, func(service string) *method { return of(service, "other") }),
	}
}

func (o *observer) streams(labels []string) (s streams) {
	if o.cfg.Open != nil {
		s.open = o.cfg.Open.With(labels...)
	}
	if o.cfg.Messages != nil {
		s.sent = o.cfg.Messages.With(append(slices.Clip(labels), "direction", "sent")...)
		s.received = o.cfg.Messages.With(append(slices.Clip(labels), "direction", "received")...)
	}
	return s
}

func (o *observer) instruments(labels []string, e ending) (i instruments) {
	outcome := "other"
	if e.outcome <= classify.Fault {
		outcome = e.outcome.String()
	}
	labels = append(slices.Clip(labels), "outcome", outcome)
	if o.cfg.Seconds != nil {
		i.seconds = o.cfg.Seconds.With(labels...)
	}
	if o.cfg.Calls != nil {
		i.calls = o.cfg.Calls.With(append(slices.Clip(labels), "code", strconv.Itoa(e.status))...)
	}
	return i
}

// Start implements observe.Observer.
func (o *observer) Start(ctx context.Context, _ *observe.Call) context.Context { return ctx }

// End implements observe.Observer.
func (o *observer) End(_ context.Context, c *observe.Call, r observe.Result) {
	s := o.sides[min(c.Side, observe.Attempt)]
	m, ok := s.methods.Get(c.Service, c.Method)
	if !ok {
		m, _ = s.others.Get(c.Service)
	}
	i, _ := m.endings.Get(ending{min(r.Outcome, classify.Fault+1), r.Status()}) // above Fault, all are "other"
	if i.calls != nil {
		i.calls.Add(1)
	}
	if i.seconds != nil {
		i.seconds.Observe(r.Took.Seconds())
	}
	if r.Open > 0 || r.Sent+r.Received > 0 {
		m.streams().add(r)
	}
}

func (s streams) add(r observe.Result) {
	if s.open != nil && r.Open > 0 {
		s.open.Observe(r.Open.Seconds())
	}
	if s.sent != nil {
		s.sent.Add(float64(r.Sent))
		s.received.Add(float64(r.Received))
	}
}
