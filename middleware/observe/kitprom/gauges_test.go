package kitprom_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

func TestGaugesAreReadAtEveryScrape(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	size := 1.0
	registry.MustRegister(kitprom.Gauges("kit_pool_instances", "How many.", []string{"service", "state"}, func(yield func(float64, ...string)) {
		yield(size, "addsvc", "up")
		yield(0, "addsvc", "draining")
	}))
	for _, want := range []string{"1", "2"} {
		if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP kit_pool_instances How many.
# TYPE kit_pool_instances gauge
kit_pool_instances{service="addsvc",state="draining"} 0
kit_pool_instances{service="addsvc",state="up"} `+want+"\n")); err != nil {
			t.Error(err)
		}
		size++
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestBadGaugesAreToldByTheRegistry(t *testing.T) {
	if err := prometheus.NewRegistry().Register(kitprom.Gauges("a", "", []string{"not a\xff label"}, nil)); err == nil {
		t.Error("a bad label is taken")
	}
	for name, values := range map[string][]string{"too few": {}, "too many": {"a", "b"}, "not UTF-8": {"\xff"}} {
		registry := prometheus.NewRegistry()
		registry.MustRegister(kitprom.Gauges("a", "A.", []string{"x"}, func(yield func(float64, ...string)) { yield(1, values...) }))
		if _, err := registry.Gather(); err == nil {
			t.Errorf("%s: nothing is told", name)
		}
	}
}
