package kitprom_test

import (
	"math"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

func TestValidate(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, tt := range []struct {
		cfg  kitprom.Config
		want string
	}{
		{kitprom.Config{Registerer: registry}, ""},
		{kitprom.Config{}, "kitprom: Config.Registerer is nil: want a registry, such as prometheus.NewRegistry() or prometheus.DefaultRegisterer"},
		{kitprom.Config{Registerer: registry, Buckets: []float64{1, 1}}, "kitprom: Config.Buckets is [1 1]: want each above the one before, in seconds"},
		{kitprom.Config{Registerer: registry, Buckets: []float64{1, math.NaN()}}, "kitprom: Config.Buckets is [1 NaN]: want each above the one before, in seconds"},
		{kitprom.Config{Registerer: registry, Buckets: []float64{2, 1}}, "kitprom: Config.Buckets is [2 1]: want each above the one before, in seconds"},
		{kitprom.Config{Registerer: registry, NativeFactor: .5}, "kitprom: Config.NativeFactor is 0.5: want more than 1, 1 for no native buckets, or 0 for 1.1"},
		{kitprom.Config{Registerer: registry, NativeFactor: math.NaN()}, "kitprom: Config.NativeFactor is NaN: want more than 1, 1 for no native buckets, or 0 for 1.1"},
		{kitprom.Config{Registerer: registry, Methods: -1}, "kitprom: Config.Methods is -1: want at least 1, or 0 for 1000"},
		{kitprom.Config{Registerer: registry, Instances: -1}, "kitprom: Config.Instances is -1: want how many, or 0 for no label"},
		{kitprom.Config{Registerer: registry, Buckets: []float64{}, NativeFactor: 1}, "kitprom: Config.Buckets is empty and NativeFactor is 1: want buckets of one kind at least"},
	} {
		got := ""
		if err := tt.cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if o, err := kitprom.New(tt.cfg); (err != nil) != (tt.want != "") || (o == nil) != (err != nil) {
			t.Errorf("%q: New = %v, %v", tt.want, o, err)
		}
	}
}

// registerer counts what is registered.
type registerer struct {
	prometheus.Registerer
	n int
}

func (r *registerer) Register(c prometheus.Collector) error {
	err := r.Registerer.Register(c)
	if err == nil {
		r.n++
	}
	return err
}

func (r *registerer) Unregister(c prometheus.Collector) bool {
	ok := r.Registerer.Unregister(c)
	if ok {
		r.n--
	}
	return ok
}

func TestConflictLeavesNothingBehind(t *testing.T) {
	r := &registerer{Registerer: prometheus.NewRegistry()}
	r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "kit_server_calls_in_flight", Help: "Theirs."}))
	if o, err := kitprom.New(kitprom.Config{Registerer: r}); err == nil || o != nil || r.n != 0 {
		t.Errorf("%v, %v, %d left", o, err, r.n)
	}
}

func TestTwoCannotShareARegistry(t *testing.T) {
	registry := prometheus.NewRegistry()
	o, err := kitprom.New(kitprom.Config{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kitprom.New(kitprom.Config{Registerer: registry}); err == nil {
		t.Error("no error")
	}
	c := &observe.Call{Side: observe.Server}
	o.End(o.Start(t.Context(), c), c, observe.Result{})
	if n, err := testutil.GatherAndCount(registry, "kit_server_calls_total"); n != 1 || err != nil {
		t.Errorf("the first one does not count any more: %d, %v", n, err)
	}
}
