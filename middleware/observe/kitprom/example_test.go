package kitprom_test

import (
	"context"
	"fmt"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

func ExampleNew() {
	registry := prometheus.NewRegistry() // promhttp.HandlerFor serves it
	metrics, err := kitprom.New(kitprom.Config{Registerer: registry})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{metrics}}
	sum := observe.Calls(cfg)("Sum")(endpoint.Nop)
	_, _ = sum(context.Background(), nil)

	families, err := registry.Gather()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range families {
		fmt.Println(f.GetName())
	}
	// Output:
	// kit_server_call_duration_seconds
	// kit_server_calls_in_flight
	// kit_server_calls_total
}

func ExampleGauges() {
	states := map[string]string{"10.0.0.1:8080": "open"} // such as what breaker.Group.Circuits returns
	open := kitprom.Gauges("kit_breaker_open", "1 if the circuit of an instance is not closed.", []string{"instance"},
		func(yield func(float64, ...string)) {
			for instance, state := range states {
				value := 1.0
				if state == "closed" {
					value = 0
				}
				yield(value, instance)
			}
		})
	registry := prometheus.NewRegistry()
	fmt.Println(registry.Register(open))
	families, err := registry.Gather()
	fmt.Println(families[0].GetName(), families[0].GetMetric()[0].GetGauge().GetValue(), err)
	// Output:
	// <nil>
	// kit_breaker_open 1 <nil>
}

func ExampleConfig_Validate() {
	fmt.Println(kitprom.Config{Registerer: prometheus.NewRegistry(), Buckets: []float64{5, 1}}.Validate())
	// Output: kitprom: Config.Buckets is [5 1]: want each above the one before, in seconds
}
