package kitprom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/middleware/retry"
)

var errDown = errors.New("down")

type statusError int

func (e statusError) Error() string   { return fmt.Sprint("status ", int(e)) }
func (e statusError) StatusCode() int { return int(e) }

// rig is an observer and what its registry says.
type rig struct {
	*testing.T
	*kitprom.Observer
	registry *prometheus.Registry
}

func newRig(t *testing.T, cfg kitprom.Config) *rig {
	r := &rig{T: t, registry: prometheus.NewPedanticRegistry()}
	cfg.Registerer = r.registry
	var err error
	if r.Observer, err = kitprom.New(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) config(side observe.Side) observe.Config {
	return observe.Config{Side: side, Service: "addsvc", Observers: []observe.Observer{r.Observer}}
}

// want compares the metrics of some names, without comments.
func (r *rig) want(want string, names ...string) {
	r.Helper()
	var lines []string
	for line := range strings.Lines(r.text(names...)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), lines); diff != "" {
		r.Errorf("(-want +got):\n%s", diff)
	}
}

func (r *rig) text(names ...string) string {
	r.Helper()
	var lines strings.Builder
	families, err := r.registry.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range families {
		for _, name := range names {
			if f.GetName() != name {
				continue
			}
			for _, m := range f.GetMetric() {
				var labels []string
				for _, l := range m.GetLabel() {
					labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
				}
				value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
				if h := m.GetHistogram(); h != nil {
					value = float64(h.GetSampleCount())
				}
				fmt.Fprintf(&lines, "%s{%s} %v\n", name, strings.Join(labels, ","), value)
			}
		}
	}
	return lines.String()
}

// exemplars returns the traces that buckets lead to.
func (r *rig) exemplars() (all string) {
	families, err := r.registry.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, b := range m.GetHistogram().GetBucket() {
				for _, l := range b.GetExemplar().GetLabel() {
					all += l.GetValue()
				}
			}
		}
	}
	return all
}

func TestACallWithItsAttempts(t *testing.T) {
	r := newRig(t, kitprom.Config{})
	answers := []error{errDown, statusError(503), nil}
	wire := observe.Attempts(r.config(0))("a:1")(func(context.Context, any) (any, error) {
		err := answers[0]
		answers = answers[1:]
		return nil, err
	})
	sum := observe.Calls(r.config(observe.Client))("Sum")(
		retry.New(retry.Config{Idempotent: true, MinBackoff: 1, MaxBackoff: 1})(wire))
	if _, err := sum(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r.want(`
kit_client_attempts_total{code="200",method="Sum",outcome="success",service="addsvc"} 1
kit_client_attempts_total{code="500",method="Sum",outcome="failure",service="addsvc"} 1
kit_client_attempts_total{code="503",method="Sum",outcome="failure",service="addsvc"} 1
kit_client_calls_total{code="200",method="Sum",outcome="success",service="addsvc"} 1
`, "kit_client_attempts_total", "kit_client_calls_total")
	r.want(`
kit_client_attempt_duration_seconds{method="Sum",outcome="failure",service="addsvc"} 2
kit_client_attempt_duration_seconds{method="Sum",outcome="success",service="addsvc"} 1
kit_client_call_duration_seconds{method="Sum",outcome="success",service="addsvc"} 1
`, "kit_client_attempt_duration_seconds", "kit_client_call_duration_seconds")
}

func TestOutcomesAndCodesOfAServer(t *testing.T) {
	r := newRig(t, kitprom.Config{})
	for _, err := range []error{nil, statusError(404), statusError(429), statusError(503), context.DeadlineExceeded, statusError(99)} {
		call := observe.Calls(r.config(observe.Server))("Sum")(func(context.Context, any) (any, error) { return nil, err })
		_, _ = call(t.Context(), nil)
	}
	cfg := r.config(observe.Server)
	for _, o := range []classify.Outcome{classify.NotSent, classify.Excluded, 77} {
		cfg.Classify = func(context.Context, any, error) classify.Outcome { return o }
		_, _ = observe.Calls(cfg)("Sum")(func(context.Context, any) (any, error) { return nil, errDown })(t.Context(), nil)
	}
	r.want(`
kit_server_calls_total{code="200",method="Sum",outcome="success",service="addsvc"} 1
kit_server_calls_total{code="404",method="Sum",outcome="success",service="addsvc"} 1
kit_server_calls_total{code="429",method="Sum",outcome="throttled",service="addsvc"} 1
kit_server_calls_total{code="500",method="Sum",outcome="excluded",service="addsvc"} 1
kit_server_calls_total{code="500",method="Sum",outcome="other",service="addsvc"} 1
kit_server_calls_total{code="500",method="Sum",outcome="success",service="addsvc"} 1
kit_server_calls_total{code="503",method="Sum",outcome="failure",service="addsvc"} 1
kit_server_calls_total{code="503",method="Sum",outcome="not_sent",service="addsvc"} 1
kit_server_calls_total{code="504",method="Sum",outcome="failure",service="addsvc"} 1
`, "kit_server_calls_total")
}

func TestInFlight(t *testing.T) {
	r := newRig(t, kitprom.Config{})
	call := observe.Calls(r.config(observe.Server))("Sum")(func(context.Context, any) (any, error) {
		r.want(`kit_server_calls_in_flight{method="Sum",service="addsvc"} 1`, "kit_server_calls_in_flight")
		panic("oh")
	})
	func() {
		defer func() { _ = recover() }()
		_, _ = call(t.Context(), nil)
	}()
	r.want(`
kit_server_calls_in_flight{method="Sum",service="addsvc"} 0
kit_server_calls_total{code="200",method="Sum",outcome="success",service="addsvc"} 0
kit_server_calls_total{code="500",method="Sum",outcome="failure",service="addsvc"} 1
`, "kit_server_calls_in_flight", "kit_server_calls_total")
}

func TestLabelsAreBounded(t *testing.T) {
	r := newRig(t, kitprom.Config{Methods: 2, Instances: 2})
	for _, method := range []string{"a", "", "b", "c", "a\xff"} {
		_, _ = observe.Calls(r.config(observe.Server))(method)(endpoint.Nop)(t.Context(), nil)
	}
	r.want(`
kit_server_calls_in_flight{method="a",service="addsvc"} 0
kit_server_calls_in_flight{method="other",service="addsvc"} 0
kit_server_calls_in_flight{method="unknown",service="addsvc"} 0
kit_server_calls_total{code="200",method="a",outcome="success",service="addsvc"} 1
kit_server_calls_total{code="200",method="other",outcome="success",service="addsvc"} 3
kit_server_calls_total{code="200",method="unknown",outcome="success",service="addsvc"} 1
`, "kit_server_calls_in_flight", "kit_server_calls_total")

	cfg := r.config(observe.Client)
	cfg.Method = func(context.Context, any) string { return "Sum" }
	for _, instance := range []string{"a:1", "b\xff:1", "c:1", "d:1"} {
		_, _ = observe.Attempts(cfg)(instance)(endpoint.Nop)(t.Context(), nil)
	}
	r.want(`
kit_client_attempts_total{code="200",instance="a:1",method="Sum",outcome="success",service="addsvc"} 1
kit_client_attempts_total{code="200",instance="b�:1",method="Sum",outcome="success",service="addsvc"} 1
kit_client_attempts_total{code="200",instance="other",method="Sum",outcome="success",service="addsvc"} 2
`, "kit_client_attempts_total")
}

func TestPromlint(t *testing.T) {
	r := newRig(t, kitprom.Config{Instances: 5})
	for _, side := range []observe.Side{observe.Client, observe.Server} {
		_, _ = observe.Calls(r.config(side))("Sum")(observe.Attempts(r.config(0))("a:1")(endpoint.Nop))(t.Context(), nil)
	}
	problems, err := testutil.GatherAndLint(r.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if n, err := testutil.GatherAndCount(r.registry); n != 12 || err != nil {
		t.Errorf("%d series, %v; want 3 of the client's and the server's calls, and of both their attempts", n, err)
	}
}

// TestBuckets: a call of exactly a bucket's bound is in it, and native buckets
// are there too.
func TestBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, kitprom.Config{})
		_, _ = observe.Calls(r.config(observe.Server))("Sum")(func(context.Context, any) (any, error) {
			time.Sleep(25 * time.Millisecond)
			return nil, nil
		})(t.Context(), nil)
		families, err := r.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "kit_server_call_duration_seconds" {
				continue
			}
			h := f.GetMetric()[0].GetHistogram()
			for _, b := range h.GetBucket() {
				if want := b.GetUpperBound() >= .025; (b.GetCumulativeCount() == 1) != want {
					t.Errorf("%d in %v", b.GetCumulativeCount(), b.GetUpperBound())
				}
			}
			if len(h.GetPositiveDelta()) != 1 || h.GetSampleSum() != .025 || len(h.GetBucket()) != 13 {
				t.Errorf("%v", h)
			}
		}
	})
}

func TestOneKindOfBuckets(t *testing.T) {
	for name, cfg := range map[string]kitprom.Config{"classic": {NativeFactor: 1}, "native": {Buckets: []float64{}}} {
		r := newRig(t, cfg)
		_, _ = observe.Calls(r.config(observe.Server))("Sum")(endpoint.Nop)(t.Context(), nil)
		families, _ := r.registry.Gather()
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if h := m.GetHistogram(); h != nil && (len(h.GetBucket()) > 0) != (name == "classic") || h != nil && (h.Schema != nil) != (name == "native") {
					t.Errorf("%s: %v", name, h)
				}
			}
		}
	}
}

func TestExemplars(t *testing.T) {
	for id, want := range map[string]string{"": "", "4bf92f3577b34da6a3ce929d0e0e4736": "4bf92f3577b34da6a3ce929d0e0e4736", "\xff": "", strings.Repeat("x", 200): ""} {
		r := newRig(t, kitprom.Config{TraceID: func(context.Context) string { return id }})
		_, _ = observe.Calls(r.config(observe.Server))("Sum")(endpoint.Nop)(t.Context(), nil)
		if got := r.exemplars(); got != want {
			t.Errorf("%q: exemplar %q", id, got)
		}
		r.want(`kit_server_calls_total{code="200",method="Sum",outcome="success",service="addsvc"} 1`, "kit_server_calls_total")
	}
}

func TestInParallel(t *testing.T) { // for the race detector
	r := newRig(t, kitprom.Config{Methods: 3})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 200 {
				call := observe.Calls(r.config(observe.Server))(fmt.Sprint((i + j) % 5))
				_, _ = call(func(context.Context, any) (any, error) { return nil, []error{nil, errDown}[j%2] })(t.Context(), nil)
			}
		})
	}
	wg.Wait()
	if n, err := testutil.GatherAndCount(r.registry, "kit_server_calls_total"); n != 8 || err != nil {
		t.Errorf("%d series, %v; want 2 each of 3 methods and of the others", n, err)
	}
}

// TestStreams have metrics of their own, once a method has streamed. What is called a
// duration is that of their opening.
func TestStreams(t *testing.T) {
	r := newRig(t, kitprom.Config{Buckets: []float64{5}, NativeFactor: 1})
	for side, result := range map[observe.Side]observe.Result{
		observe.Client:  {Took: time.Second, Open: time.Minute, Received: 7},
		observe.Server:  {Took: time.Second, Received: 3}, // it has taken a stream
		observe.Attempt: {Took: time.Second, Open: time.Minute, Received: 7},
	} {
		for _, result := range []observe.Result{result, {Took: time.Second}} {
			c := &observe.Call{Side: side, Service: "addsvc", Method: "Watch"}
			r.End(r.Start(t.Context(), c), c, result)
		}
	}
	r.want(`
kit_client_stream_messages_total{direction="received",method="Watch",service="addsvc"} 7
kit_client_stream_messages_total{direction="sent",method="Watch",service="addsvc"} 0
kit_server_stream_messages_total{direction="received",method="Watch",service="addsvc"} 3
kit_server_stream_messages_total{direction="sent",method="Watch",service="addsvc"} 0
`, "kit_client_stream_messages_total", "kit_server_stream_messages_total")
	for name, want := range map[string]float64{"kit_client_call_duration_seconds": 2, "kit_client_stream_duration_seconds": 60} {
		if got := r.sum(name); got != want {
			t.Errorf("%s has seen %v seconds, want %v", name, got, want)
		}
	}
	if n, err := testutil.GatherAndCount(r.registry, "kit_server_stream_duration_seconds"); n != 1 || err != nil {
		t.Errorf("%d series of a server that has sent none, %v", n, err)
	}
}

// sum is what the only series of a histogram has seen.
func (r *rig) sum(name string) float64 {
	r.Helper()
	all, err := r.registry.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name && len(f.GetMetric()) == 1 {
			return f.GetMetric()[0].GetHistogram().GetSampleSum()
		}
	}
	r.Fatalf("there is no %s of one series", name)
	return 0
}
