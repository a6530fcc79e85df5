package kitprom

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

// method finds the metrics of one method.
type method struct {
	all *series // nil if there is a label instance

	instances *table.Table[string, *series]
	other     func() *series // of instances for which there is no room
}

// series holds metrics that differ in how calls end alone. They are found once:
// what finds them by their labels takes longer than all the rest.
type series struct {
	inFlight prometheus.Gauge
	success  *ending // the usual one, without a search
	endings  *table.Table[result, *ending]
	streams  func() *streams // nil for attempts
}

// result is what tells endings apart.
type result struct {
	outcome classify.Outcome
	status  int
}

// ending holds the metrics of calls that ended alike.
type ending struct {
	total     prometheus.Counter
	took      prometheus.Observer
	exemplars prometheus.ExemplarObserver
}

func (s *side) method(service, name string) *method {
	values := []string{label(service, ""), label(name, "unknown")}
	if s.instances == 0 {
		return &method{all: s.series(values)}
	}
	return &method{
		instances: table.New(s.instances, func(instance string) *series { return s.series(with(values, label(instance, "unknown"))) }),
		other:     sync.OnceValue(func() *series { return s.series(with(values, other)) }),
	}
}

func (m *method) at(instance string) *series {
	if m.all != nil {
		return m.all
	}
	if at, ok := m.instances.Get(instance); ok {
		return at
	}
	return m.other()
}

func (s *side) series(values []string) *series {
	all := &series{inFlight: s.inFlight.WithLabelValues(values...)}
	all.endings = table.New(math.MaxInt, func(r result) *ending { // few: see outcome and observe.Result.Status
		word := outcome(r.outcome)
		took := s.took.WithLabelValues(with(values, word)...)
		return &ending{
			total:     s.total.WithLabelValues(with(values, word, strconv.Itoa(r.status))...),
			took:      took,
			exemplars: took.(prometheus.ExemplarObserver), //nolint:forcetypeassert // as is documented of histograms
		}
	})
	all.success, _ = all.endings.Get(result{classify.Success, 200})
	if s.open != nil {
		all.streams = sync.OnceValue(func() *streams { return s.newStreams(values) }) // most methods have none
	}
	return all
}

func (s *series) ending(r observe.Result) *ending {
	status := r.Status()
	if r.Outcome == classify.Success && status == 200 {
		return s.success
	}
	e, _ := s.endings.Get(result{r.Outcome, status})
	return e
}

// with returns a copy of values with more at its end.
func with(values []string, more ...string) []string {
	return slices.Concat(values, more)
}

// label makes any string one that Prometheus takes.
func label(s, ifEmpty string) string {
	if s == "" {
		return ifEmpty
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// outcome is the label of o: a word.
func outcome(o classify.Outcome) string {
	if o > classify.Fault {
		return other
	}
	return strings.ReplaceAll(o.String(), " ", "_")
}
