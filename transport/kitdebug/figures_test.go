package kitdebug_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

var (
	_ kitprom.Source = (*kitdebug.Page)(nil)
	_ kitotel.Source = (*kitdebug.Page)(nil)
)

// counting is a part that also has sd.Instancer's Stats.
type counting struct{ instances }

func (counting) Stats() sd.Stats {
	return sd.Stats{Source: sd.Stale, Age: 1500e6, Instances: 4, Draining: 1, Held: 2, Quarantined: 3, Refused: 5, Breaks: 6, Publishes: 7, Unreachable: 8}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	f := &fake{
		nodes: []lb.NodeStats{
			{Instance: sd.Instance{ID: "a"}, Connected: true, Ready: true, InFlight: 2},
			{Instance: sd.Instance{ID: "b"}, Connected: true, Ejected: 1, InFlight: 3},
			{Instance: sd.Instance{ID: "c"}},
		},
		stats: middleware.ClientStats{
			Budget: retry.Stats{Calls: 10, Retries: 2, Allowed: 12}, Throttle: throttle.Stats{Chance: .25}, Bulkhead: bulkhead.Stats{InFlight: 9, Waiting: 1},
			Service:  breaker.Status{Instance: "addsvc", State: breaker.HalfOpen},
			Circuits: []breaker.Status{{Instance: "a", State: breaker.Closed}, {Instance: "b", State: breaker.Open}},
		},
	}
	client := f.client("addsvc")
	client.Instances = counting{instances{f}}
	ready := new(transport.Ready)
	ready.Set(true)
	page := newPage(t, kitdebug.Config{
		Clients: []kitdebug.Client{client}, Ready: ready, Timeline: new(transport.Timeline), Registrar: registrar{state: sd.Registered},
		Servers: []transport.Server{{Name: "http", Calls: func() uint64 { return 5 }}, {Name: "http", Calls: func() uint64 { return 6 }}, {Name: "x"}},
	})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(kitprom.Figures(page))
	const want = `
kit_breaker_circuits{service="addsvc",state="closed"} 1
kit_breaker_circuits{service="addsvc",state="half-open"} 0
kit_breaker_circuits{service="addsvc",state="open"} 1
kit_breaker_service_circuit{service="addsvc",state="closed"} 0
kit_breaker_service_circuit{service="addsvc",state="half-open"} 1
kit_breaker_service_circuit{service="addsvc",state="open"} 0
kit_bulkhead_in_flight{service="addsvc"} 9
kit_bulkhead_waiting{service="addsvc"} 1
kit_lb_in_flight{service="addsvc"} 5
kit_lb_instances{service="addsvc",state="connecting"} 1
kit_lb_instances{service="addsvc",state="critical"} 0
kit_lb_instances{service="addsvc",state="draining"} 0
kit_lb_instances{service="addsvc",state="ejected"} 1
kit_lb_instances{service="addsvc",state="guarded"} 0
kit_lb_instances{service="addsvc",state="leaving"} 0
kit_lb_instances{service="addsvc",state="ready"} 1
kit_lb_instances{service="addsvc",state="unreachable"} 0
kit_lb_instances{service="addsvc",state="warming"} 0
kit_lb_panicking{service="addsvc"} 0
kit_ready 1
kit_registration{state="lost"} 0
kit_registration{state="registered"} 1
kit_registration{state="unregistered"} 0
kit_retry_budget_allowed{service="addsvc"} 12
kit_retry_budget_calls{service="addsvc"} 10
kit_retry_budget_retries{service="addsvc"} 2
kit_sd_draining_instances{service="addsvc"} 1
kit_sd_held_instances{service="addsvc"} 2
kit_sd_instances{service="addsvc"} 4
kit_sd_publishes_total{service="addsvc"} 7
kit_sd_quarantined_entries{service="addsvc"} 3
kit_sd_refused_entries_total{service="addsvc"} 5
kit_sd_source_age_seconds{service="addsvc"} 1.5
kit_sd_source{service="addsvc",state="fresh"} 0
kit_sd_source{service="addsvc",state="restored"} 0
kit_sd_source{service="addsvc",state="stale"} 1
kit_sd_source{service="addsvc",state="starting"} 0
kit_sd_unreachable_instances_total{service="addsvc"} 8
kit_sd_watch_breaks_total{service="addsvc"} 6
kit_server_begun_calls_total{server="http"} 11
kit_stopping 0
kit_throttle_rejection_ratio{service="addsvc"} 0.25
`
	if got, want := exposition(t, registry), strings.Split(strings.TrimSpace(want), "\n"); !slices.Equal(sorted(got), sorted(want)) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(sorted(got), "\n"), strings.Join(sorted(want), "\n"))
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func sorted(lines []string) []string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	return lines
}

// exposition is what a registry has, a line for each value.
func exposition(t *testing.T, registry *prometheus.Registry) (lines []string) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			line := f.GetName()
			if len(labels) > 0 {
				line += "{" + strings.Join(labels, ",") + "}"
			}
			lines = append(lines, fmt.Sprintf("%s %v", line, m.GetGauge().GetValue()+m.GetCounter().GetValue()))
		}
	}
	return lines
}

// TestReadYieldsWhatKindsNames, also of a process that has little to say.
func TestReadYieldsWhatKindsNames(t *testing.T) {
	t.Parallel()
	p := newParts(t, sd.Fixed{{Addr: "10.0.0.1:80"}}, middleware.ClientConfig{Retry: retry.Config{Unbounded: true}}, func(string) error { return nil })
	page := newPage(t, kitdebug.Config{Clients: []kitdebug.Client{p.client("a\xff"), {Name: "nothing"}}})
	labels := map[string]int{}
	page.Kinds(func(name, help string, _ bool, l ...string) {
		if labels[name] = len(l); help == "" {
			t.Errorf("%s has no help", name)
		}
	})
	read := map[string]float64{}
	page.Read(func(name string, value float64, l ...string) {
		if n, ok := labels[name]; !ok || n != len(l) {
			t.Errorf("%s with %v", name, l)
		}
		read[name+strings.Join(l, " ")] = value
	})
	if read["kit_lb_instancesa\uFFFD ready"] != 1 || !math.IsInf(read["kit_retry_budget_alloweda\uFFFD"], 1) || read["kit_sd_sourcea\uFFFD fresh"] != 1 {
		t.Errorf("%v", read)
	}
}
