package examples

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/transport/kitdebug"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func observabilityPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// metric is what a metric is, in the words of the page.
type metric struct{ kind, labels string }

var row = regexp.MustCompile("(?m)^\\| `(kit_[a-z_]+)` \\| ([a-z]+) \\| ([a-z, ]*) ?\\|")

// TestTheMetricsOfTheObservabilityPage are those that there are.
func TestTheMetricsOfTheObservabilityPage(t *testing.T) {
	t.Parallel()
	says := map[string]metric{}
	for _, m := range row.FindAllStringSubmatch(observabilityPage(t), -1) {
		says[m[1]] = metric{m[2], strings.TrimSpace(m[3])}
	}
	for name, is := range metrics(t) {
		if says[name] != is {
			t.Errorf("%s is %v, and the page says %v", name, is, says[name])
		}
		delete(says, name)
	}
	for name := range says {
		t.Errorf("the page has %s, which there is not", name)
	}
}

// metrics are all of kitprom's and kitdebug's.
func metrics(t *testing.T) map[string]metric {
	t.Helper()
	all := map[string]metric{}
	page, err := kitdebug.New(kitdebug.Config{})
	if err != nil {
		t.Fatal(err)
	}
	page.Kinds(func(name, _ string, counter bool, labels ...string) {
		kind := "gauge"
		if counter {
			kind = "counter"
		}
		all[name] = metric{kind, strings.Join(labels, ", ")}
	})

	registry := prometheus.NewRegistry()
	counts, err := kitprom.New(kitprom.Config{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []observe.Side{observe.Client, observe.Server, observe.Attempt} {
		c := &observe.Call{Side: side, Service: "prices", Method: "Get"}
		counts.End(counts.Start(t.Context(), c), c, observe.Result{})
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		order := []string{"service", "method", "outcome", "code"}
		slices.SortFunc(labels, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
		all[f.GetName()] = metric{strings.ToLower(f.GetType().String()), strings.Join(labels, ", ")}
	}
	return all
}

var promql = regexp.MustCompile("(?s)```promql\n(.*?)```")

// TestTheQueriesOfTheObservabilityPage ask for metrics that there are, by labels
// that they have, and values that these can have.
func TestTheQueriesOfTheObservabilityPage(t *testing.T) {
	t.Parallel()
	all := metrics(t)
	queries := promql.FindAllStringSubmatch(observabilityPage(t), -1)
	for _, q := range queries {
		for _, name := range regexp.MustCompile(`kit_[a-z_]+`).FindAllString(q[1], -1) {
			if _, ok := all[strings.TrimSuffix(name, "_bucket")]; !ok {
				t.Errorf("there is no %s: %s", name, q[1])
			}
		}
		for _, m := range regexp.MustCompile(`(kit_[a-z_]+)\{([a-z]+)=`).FindAllStringSubmatch(q[1], -1) {
			if !slices.Contains(strings.Split(all[m[1]].labels, ", "), m[2]) {
				t.Errorf("%s has no label %s: %s", m[1], m[2], q[1])
			}
		}
		if strings.Count(q[1], "(") != strings.Count(q[1], ")") {
			t.Errorf("parentheses: %s", q[1])
		}
	}
	if len(queries) < 5 {
		t.Errorf("only %d queries: the test looks for the wrong thing", len(queries))
	}
}

// TestOneTraceThroughAnEndpoint is the row of the table that the example has not:
// the others are in its trace.
func TestOneTraceThroughAnEndpoint(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	traces, err := kitotel.New(kitotel.Config{TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(spans))})
	if err != nil {
		t.Fatal(err)
	}
	cfg := observe.Config{Side: observe.Server, Service: "prices", Observers: []observe.Observer{traces}}
	echo := func(_ context.Context, request any) (any, error) { return request, nil }
	s := httptest.NewServer(kithttp.NewServer(observe.Calls(cfg)("Get")(echo), kithttp.DecodeJSON[item],
		httptransport.ServerBefore(kitotel.HTTPToContext(nil))))
	defer s.Close()
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Side = observe.Client
	var wire endpoint.Endpoint = kithttp.NewEndpoint[item](s.Client(), http.MethodPost, base, "/get", kitotel.ContextToHTTP(nil))
	call := observe.Calls(cfg)("Get")(observe.Attempts(cfg)(base.Host)(wire))
	if _, err := call(t.Context(), item{Name: "tea"}); err != nil {
		t.Fatal(err)
	}
	parents := map[string]string{} // by kind and name
	ids := map[string]string{}
	for _, s := range spans.Ended() {
		name := s.SpanKind().String() + " " + s.Name()
		ids[s.SpanContext().SpanID().String()], parents[name] = name, s.Parent().SpanID().String()
	}
	for name, parent := range parents {
		parents[name] = ids[parent]
	}
	want := map[string]string{"client prices/Get": "", "client attempt prices/Get": "client prices/Get", "server prices/Get": "client attempt prices/Get"}
	if !maps.Equal(parents, want) {
		t.Errorf("parents are %v, want %v", parents, want)
	}
}

// TestThePictureOfTheObservabilityPage is a small one.
func TestThePictureOfTheObservabilityPage(t *testing.T) {
	t.Parallel()
	info, err := os.Stat("../docs/debug-page.png")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 200_000 {
		t.Errorf("it has %d bytes; pages are slow with pictures of more than 200000", info.Size())
	}
}
