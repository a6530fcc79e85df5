package kitprom

import (
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

// method holds the metrics of one method, found once: what finds them by their
// labels takes longer than all the rest.
type method struct {
	inFlight prometheus.Gauge
	success  *ending // the usual one, without a search
	endings  *table.Table[result, *ending]

	instances *table.Table[string, *method] // nil if there is no such label; m itself has those without room
}

// result is what tells endings apart.
type result struct {
	outcome classify.Outcome
	status  int
}

// ending holds the metrics of calls of one method that ended alike.
type ending struct {
	total     prometheus.Counter
	took      prometheus.Observer
	exemplars prometheus.ExemplarObserver
}

// method makes the metrics of a method.
func (s *side) method(service, name string) *method {
	values := []string{label(service, ""), label(name, "unknown")}
	if s.instances == 0 {
		return s.labelled(values)
	}
	m := s.labelled(with(values, other))
	m.instances = table.New(s.instances, func(instance string) *method {
		return s.labelled(with(values, label(instance, "unknown")))
	})
	return m
}

func (s *side) labelled(values []string) *method {
	m := &method{inFlight: s.inFlight.WithLabelValues(values...)}
	m.endings = table.New(math.MaxInt, func(r result) *ending { // few: see outcome and observe.Result.Status
		word := outcome(r.outcome)
		took := s.took.WithLabelValues(with(values, word)...)
		return &ending{
			total:     s.total.WithLabelValues(with(values, word, strconv.Itoa(r.status))...),
			took:      took,
			exemplars: took.(prometheus.ExemplarObserver), //nolint:forcetypeassert // as is documented of histograms
		}
	})
	m.success, _ = m.endings.Get(result{classify.Success, 200})
	return m
}

func (m *method) ending(r observe.Result) *ending {
	status := r.Status()
	if r.Outcome == classify.Success && status == 200 {
		return m.success
	}
	e, _ := m.endings.Get(result{r.Outcome, status})
	return e
}

// with returns a copy of values with more at its end.
func with(values []string, more ...string) []string {
	return append(values[:len(values):len(values)], more...)
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
