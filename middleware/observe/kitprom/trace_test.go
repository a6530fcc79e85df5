package kitprom_test

import (
	"testing"

	"github.com/go-kit/kit/endpoint"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

// TestAnExemplarIsTheTraceOfItsCall, whichever of the two observers is first;
// there is none of a trace that nobody keeps.
func TestAnExemplarIsTheTraceOfItsCall(t *testing.T) {
	for name, sampler := range map[string]trace.Sampler{"sampled": trace.AlwaysSample(), "not sampled": trace.NeverSample()} {
		for _, first := range []string{"metrics", "traces"} {
			r := newRig(t, kitprom.Config{TraceID: kitotel.SampledTraceID})
			spans := tracetest.NewSpanRecorder()
			traces, err := kitotel.New(kitotel.Config{
				TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(spans), trace.WithSampler(sampler)),
			})
			if err != nil {
				t.Fatal(err)
			}
			cfg := r.config(observe.Server)
			cfg.Observers = []observe.Observer{r.Observer, traces}
			if first == "traces" {
				cfg.Observers = []observe.Observer{traces, r.Observer}
			}
			_, _ = observe.Calls(cfg)("Sum")(endpoint.Nop)(t.Context(), nil)
			want := ""
			for _, s := range spans.Ended() {
				want = s.SpanContext().TraceID().String()
			}
			if got := r.exemplars(); got != want || (want == "") != (name != "sampled") {
				t.Errorf("%s, %s first: exemplar %q, want %q", name, first, got, want)
			}
		}
	}
}
