// Package kitprom counts and times calls for Prometheus.
//
//	kit_client_calls_total             service, method, outcome, code
//	kit_client_call_duration_seconds   service, method, outcome
//	kit_client_calls_in_flight         service, method
//
//	kit_client_stream_duration_seconds service, method
//	kit_client_stream_messages_total   service, method, direction (sent, received)
//
// and, but for the streams, the same with kit_client_attempt(s) for the attempts of a client's calls,
// which may have the label instance too, and with kit_server for the calls that
// are served. One Observer serves all clients and servers of a process:
//
//	metrics, err := kitprom.New(kitprom.Config{Registerer: registry, TraceID: kitotel.SampledTraceID})
//	cfg := observe.Config{Service: "addsvc", Observers: []observe.Observer{metrics}}
//
// The outcome is that of package classify. The code is the HTTP status with
// which a server answers such a call, over whatever wire: see
// observe.Result.Status. Attempts divided by calls is how much retries and
// hedges add to the load.
//
// Durations are histograms of both kinds: native buckets for servers that ask
// for them, and classic ones for the others. A label's values are bounded, and
// an exemplar leads from a bucket to a trace.
//
// What a part knows of itself, such as the state of breakers or the instances
// of a pool, is read when Prometheus asks: see Figures, which takes all of a
// process at once from a kitdebug.Page, and Gauges. To add labels to everything,
// wrap the Registerer with prometheus.WrapRegistererWith.
//
// The package deliberately serves no /metrics (promhttp does) and has no default
// registry: prometheus.DefaultRegisterer is there to be given.
package kitprom
