package kitotel_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/retry"
)

func TestAttemptsAreChildrenOfTheirCall(t *testing.T) {
	r := newRig(t, kitotel.Config{System: "http"})
	cfg := r.config(observe.Client)
	cfg.Balancer, cfg.Breaker = "adaptive", func(string) string { return "closed" }
	fails := true
	wire := observe.Attempts(cfg)("10.0.0.1:8080")(func(context.Context, any) (any, error) {
		if fails {
			fails = false
			return nil, errDown
		}
		return 3, nil
	})
	again := retry.New(retry.Config{Idempotent: true, MinBackoff: 1, MaxBackoff: 1, OnRetry: kitotel.RetryEvent})
	ctx, span := r.tracers.Tracer("test").Start(t.Context(), "request")
	_, _ = observe.Calls(cfg)("Sum")(again(wire))(ctx, nil)
	span.End()

	spans := r.spans()
	if len(spans) != 4 {
		t.Fatalf("%d spans: %v", len(spans), spans)
	}
	first, second, call, request := spans[0], spans[1], spans[2], spans[3]
	for _, s := range []struct {
		name          string
		parent, child trace.SpanContext
	}{
		{"call", request.SpanContext, call.Parent},
		{"first attempt", call.SpanContext, first.Parent},
		{"second attempt", call.SpanContext, second.Parent},
	} {
		if s.parent.SpanID() != s.child.SpanID() || s.parent.TraceID() != s.child.TraceID() {
			t.Errorf("%s: parent is %v, want %v", s.name, s.child, s.parent)
		}
	}
	type seen struct {
		Name, Description string
		Kind              trace.SpanKind
		Code              codes.Code
		Attributes        map[string]string
	}
	var got []seen
	for _, s := range spans[:3] {
		got = append(got, seen{s.Name, s.Status.Description, s.SpanKind, s.Status.Code, attributes(s.Attributes)})
	}
	want := []seen{
		{"attempt addsvc/Sum", "down", trace.SpanKindClient, codes.Error, map[string]string{
			"rpc.system.name": "http", "rpc.method": "addsvc/Sum", "rpc.response.status_code": "500", "error.type": "500",
			"kit.outcome": "failure", "kit.balancer": "adaptive", "kit.instance": "10.0.0.1:8080", "kit.breaker": "closed", "kit.attempt": "1",
			"server.address": "10.0.0.1", "server.port": "8080",
		}},
		{"attempt addsvc/Sum", "", trace.SpanKindClient, codes.Unset, map[string]string{
			"rpc.system.name": "http", "rpc.method": "addsvc/Sum", "rpc.response.status_code": "200",
			"kit.outcome": "success", "kit.balancer": "adaptive", "kit.instance": "10.0.0.1:8080", "kit.breaker": "closed", "kit.attempt": "2",
			"server.address": "10.0.0.1", "server.port": "8080", "http.request.resend_count": "1",
		}},
		{"addsvc/Sum", "", trace.SpanKindClient, codes.Unset, map[string]string{
			"rpc.system.name": "http", "rpc.method": "addsvc/Sum", "rpc.response.status_code": "200",
			"kit.outcome": "success", "kit.balancer": "adaptive", "server.address": "addsvc",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(call.Events) != 1 || call.Events[0].Name != "retry" ||
		!cmp.Equal(attributes(call.Events[0].Attributes), map[string]string{"kit.attempt": "2", "kit.cause": "down"}) {
		t.Errorf("events of the call: %v", call.Events)
	}
}

type failer struct{ err error }

func (f failer) Failed() error { return f.err }

// TestStatus: what is an error at the client need not be one at the server.
func TestStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		response       any
		err            error
		client, server string // error.type; no error if empty
	}{
		"success":                 {3, nil, "", ""},
		"not found":               {nil, statusError(404), "404", ""},
		"error of the business":   {failer{statusError(409)}, nil, "409", ""},
		"too many":                {nil, statusError(429), "429", ""},
		"unavailable":             {nil, statusError(503), "503", "503"},
		"unknown":                 {nil, errDown, "500", "500"},
		"deadline":                {nil, context.DeadlineExceeded, "504", "504"},
		"the caller went away":    {nil, context.Canceled, "499", ""},
		"Failer without an error": {failer{nil}, nil, "", ""},
	} {
		for side, want := range map[observe.Side]string{observe.Client: tt.client, observe.Server: tt.server} {
			r := newRig(t, kitotel.Config{})
			r.serve(side, tt.response, tt.err)
			s := r.spans()[0]
			got := attributes(s.Attributes)["error.type"]
			if got != want || (s.Status.Code == codes.Error) != (want != "") || (s.SpanKind == trace.SpanKindServer) != (side == observe.Server) {
				t.Errorf("%s at the %v: error.type %q, status %v, kind %v; want error.type %q", name, side, got, s.Status, s.SpanKind, want)
			}
		}
	}
}

func TestResponseThatAClassifyTakesForAFailure(t *testing.T) {
	r := newRig(t, kitotel.Config{})
	cfg := r.config(observe.Client)
	for _, o := range []classify.Outcome{classify.Failure, 99} {
		cfg.Classify = func(context.Context, any, error) classify.Outcome { return o }
		_, _ = observe.Calls(cfg)("Sum")(func(context.Context, any) (any, error) { return 3, nil })(t.Context(), nil)
	}
	spans := r.spans()
	if got := attributes(spans[0].Attributes)["error.type"]; got != "failure" || spans[0].Status.Code != codes.Error {
		t.Errorf("%q, %v", got, spans[0].Status)
	}
	if got := attributes(spans[1].Attributes)["kit.outcome"]; got != "other" || spans[1].Status.Code != codes.Unset {
		t.Errorf("%q, %v", got, spans[1].Status)
	}
}

func TestAPanicEndsTheSpan(t *testing.T) {
	r := newRig(t, kitotel.Config{})
	func() {
		defer func() { _ = recover() }()
		_, _ = observe.Calls(r.config(observe.Server))("Sum")(func(context.Context, any) (any, error) { panic("oh") })(t.Context(), nil)
	}()
	s := r.spans()[0]
	if got := attributes(s.Attributes)["error.type"]; got != "panic" || s.Status.Code != codes.Error {
		t.Errorf("%q, %v", got, s.Status)
	}
}

func TestUnsampledCallsAreMeasuredAllTheSame(t *testing.T) {
	r := newRig(t, kitotel.Config{}, sdk.WithSampler(sdk.NeverSample()))
	r.serve(observe.Client, nil, nil)
	if got := r.spans(); len(got) != 0 || len(r.points("rpc.client.call.duration")) != 1 {
		t.Errorf("spans: %v", got)
	}
}

// TestTwoTracersEndTheirOwnSpans, whichever is first.
func TestTwoTracersEndTheirOwnSpans(t *testing.T) {
	a, b := newRig(t, kitotel.Config{}), newRig(t, kitotel.Config{})
	cfg := a.config(observe.Client)
	cfg.Observers = append(cfg.Observers, b.Observer)
	_, _ = observe.Calls(cfg)("Sum")(observe.Attempts(cfg)("a:1")(func(context.Context, any) (any, error) { return nil, nil }))(t.Context(), nil)
	if a, b := a.spans(), b.spans(); len(a) != 2 || len(b) != 2 {
		t.Errorf("%d and %d spans ended, want 2 each", len(a), len(b))
	}
}

// TestEndWithoutStart: the span of the caller is not ended in its place.
func TestEndWithoutStart(t *testing.T) {
	r := newRig(t, kitotel.Config{})
	call := &observe.Call{Service: "addsvc", Method: "Sum"}
	ctx := r.Start(t.Context(), call)
	r.End(ctx, &observe.Call{Side: observe.Attempt, Service: "addsvc", Method: "Sum"}, observe.Result{})
	if got := r.spans(); len(got) != 0 {
		t.Errorf("%v has ended", got[0].Name)
	}
	r.End(ctx, call, observe.Result{})
	if got := r.spans(); len(got) != 1 {
		t.Errorf("%d spans", len(got))
	}
}

func TestWhatIsNotUTF8IsMended(t *testing.T) {
	r := newRig(t, kitotel.Config{Methods: 1})
	c := &observe.Call{Side: observe.Attempt, Service: "a\xff", Method: "b", Instance: "c\xff:99999", Breaker: "\xff", Attempt: 1}
	long := errors.New(strings.Repeat("ä", 200) + "\xff")
	r.End(r.Start(t.Context(), c), c, observe.Result{Outcome: classify.Failure, Err: long})
	c = &observe.Call{Side: observe.Attempt, Service: "a\xff", Method: "c\xff"}
	r.End(r.Start(t.Context(), c), c, observe.Result{})
	for _, s := range r.spans() {
		for k, v := range attributes(s.Attributes) {
			if strings.Contains(v, "\xff") {
				t.Errorf("%s: %q", k, v)
			}
		}
		if strings.Contains(s.Name+s.Status.Description, "\xff") || len(s.Status.Description) > 300 {
			t.Errorf("%q: %q", s.Name, s.Status.Description)
		}
	}
}

func TestTooManyMethods(t *testing.T) {
	r := newRig(t, kitotel.Config{Methods: 1})
	for _, method := range []string{"Sum", "x", "y", ""} {
		_, _ = observe.Calls(r.config(observe.Server))(method)(func(context.Context, any) (any, error) { return nil, nil })(t.Context(), nil)
	}
	var got []string
	for _, s := range r.spans() {
		a := attributes(s.Attributes)
		got = append(got, s.Name+" "+a["rpc.method"]+" "+a["rpc.method_original"])
	}
	want := []string{
		"addsvc/Sum addsvc/Sum ", "addsvc/_OTHER addsvc/_OTHER addsvc/x",
		"addsvc/_OTHER addsvc/_OTHER addsvc/y", "addsvc/_OTHER addsvc/_OTHER addsvc/_OTHER",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := r.points("rpc.server.call.duration"); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// TestTheSpanOfAStream lasts as long as the stream, and so does what is measured.
func TestTheSpanOfAStream(t *testing.T) {
	r := newRig(t, kitotel.Config{})
	s := &stream{}
	r.serve(observe.Client, s, nil)
	if spans := r.spans(); len(spans) != 0 {
		t.Fatalf("%v has ended", spans[0].Name)
	}
	s.end(statusError(503))
	span := r.spans()[0]
	got := attributes(span.Attributes)
	if got["kit.messages.received"] != "3" || got["kit.messages.sent"] != "0" || got["error.type"] != "503" || span.Status.Code != codes.Error {
		t.Errorf("%v, %v", span.Status, got)
	}
	if e := span.Events; len(e) != 1 || e[0].Name != "open" || e[0].Time.Before(span.StartTime) || e[0].Time.After(span.EndTime) {
		t.Errorf("events %v", e)
	}
	if got := r.points("rpc.client.call.duration"); len(got) != 1 {
		t.Errorf("measured %v", got)
	}
}

// stream is a response that ends when its test says so.
type stream struct{ end func(error) }

func (s *stream) OnEnd(f func(error)) { s.end = f }
func (s *stream) Count() int          { return 3 }
