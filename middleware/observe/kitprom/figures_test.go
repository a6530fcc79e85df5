package kitprom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

// queue is a source of two figures.
type queue struct {
	waiting map[string]float64
	taken   float64
}

func (q *queue) Kinds(yield func(name, help string, counter bool, labels ...string)) {
	yield("queue_waiting", "How many wait.", false, "priority")
	yield("queue_taken_total", "How many were taken.", true)
}

func (q *queue) Read(yield func(name string, value float64, labels ...string)) {
	for priority, n := range q.waiting {
		yield("queue_waiting", n, priority)
	}
	yield("queue_taken_total", q.taken)
}

func ExampleFigures() {
	registry := prometheus.NewRegistry()
	fmt.Println(registry.Register(kitprom.Figures(&queue{map[string]float64{"low": 3}, 7})))
	families, err := registry.Gather()
	for _, f := range families {
		fmt.Println(f.GetName(), f.GetType(), f.GetMetric()[0].GetGauge().GetValue()+f.GetMetric()[0].GetCounter().GetValue())
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// queue_taken_total COUNTER 7
	// queue_waiting GAUGE 3
	// <nil>
}

func TestFiguresAreReadAtEveryScrape(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	q := &queue{waiting: map[string]float64{"low": 1, "high": 0}}
	registry.MustRegister(kitprom.Figures(q))
	for _, want := range []string{"1", "2"} {
		if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP queue_taken_total How many were taken.
# TYPE queue_taken_total counter
queue_taken_total 0
# HELP queue_waiting How many wait.
# TYPE queue_waiting gauge
queue_waiting{priority="high"} 0
queue_waiting{priority="low"} `+want+"\n")); err != nil {
			t.Error(err)
		}
		q.waiting["low"]++
	}
}

// sayer is a source that yields what it is told to.
type sayer struct {
	kinds func(yield func(name, help string, counter bool, labels ...string))
	read  func(yield func(name string, value float64, labels ...string))
}

func (s sayer) Kinds(yield func(name, help string, counter bool, labels ...string)) { s.kinds(yield) }
func (s sayer) Read(yield func(name string, value float64, labels ...string))       { s.read(yield) }

func TestBadFiguresAreToldByTheRegistry(t *testing.T) {
	one := func(yield func(name, help string, counter bool, labels ...string)) { yield("a", "A.", false, "x") }
	for name, read := range map[string]func(yield func(name string, value float64, labels ...string)){
		"unknown":  func(yield func(string, float64, ...string)) { yield("b", 1, "x") },
		"too few":  func(yield func(string, float64, ...string)) { yield("a", 1) },
		"too many": func(yield func(string, float64, ...string)) { yield("a", 1, "x", "y") },
		"twice":    func(yield func(string, float64, ...string)) { yield("a", 1, "x"); yield("a", 2, "x") },
		"no text":  func(yield func(string, float64, ...string)) { yield("a", 1, "\xff") },
	} {
		registry := prometheus.NewRegistry()
		registry.MustRegister(kitprom.Figures(sayer{one, read}))
		if _, err := registry.Gather(); err == nil {
			t.Errorf("%s: nothing is told", name)
		}
	}
	bad := func(yield func(name, help string, counter bool, labels ...string)) {
		yield("a", "", false, "not a\xff label")
	}
	if err := prometheus.NewRegistry().Register(kitprom.Figures(sayer{kinds: bad})); err == nil {
		t.Error("a bad label is taken")
	}
}
