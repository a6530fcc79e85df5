package observe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
)

// written returns a logger and what it has written, without times.
func written(level slog.Level) (*slog.Logger, func() []string) {
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(handler), func() []string {
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		out.Reset()
		if lines[0] == "" {
			return nil
		}
		return lines
	}
}

type failer struct{ err error }

func (f failer) Failed() error { return f.err }

func TestLogLines(t *testing.T) {
	call := &observe.Call{Side: observe.Client, Service: "add", Method: "sum"}
	att := &observe.Call{Side: observe.Attempt, Service: "add", Method: "sum", Instance: "a:1", Attempt: 2, Breaker: "half-open"}
	for name, tt := range map[string]struct {
		cfg  observe.LogConfig
		call *observe.Call
		r    observe.Result
		want []string
	}{
		"success, untold": {observe.LogConfig{}, call, observe.Result{}, nil},
		"success": {
			observe.LogConfig{Successes: 1}, call, observe.Result{Took: time.Second},
			[]string{`level=INFO msg=call side=client service=add method=sum outcome=success took=1s`},
		},
		"a stream that broke": {
			observe.LogConfig{}, call, observe.Result{Took: time.Second, Open: time.Hour, Outcome: classify.Failure, Err: errDown, Received: 7},
			[]string{`level=WARN msg="call failed" side=client service=add method=sum outcome=failure took=1s open=1h0m0s sent=0 received=7 err=down`},
		},
		"error of the business": {
			observe.LogConfig{Successes: 1}, call, observe.Result{Response: failer{errDown}},
			[]string{`level=INFO msg=call side=client service=add method=sum outcome=success took=0s err=down`},
		},
		"caller went away, untold": {observe.LogConfig{}, call, observe.Result{Outcome: classify.Excluded, Err: context.Canceled}, nil},
		"failure": {
			observe.LogConfig{}, call, observe.Result{Outcome: classify.Failure, Err: errDown},
			[]string{`level=WARN msg="call failed" side=client service=add method=sum outcome=failure took=0s err=down`},
		},
		"throttled": {
			observe.LogConfig{}, call, observe.Result{Outcome: classify.Throttled, Err: errDown},
			[]string{`level=WARN msg="call failed" side=client service=add method=sum outcome=throttled took=0s err=down`},
		},
		"attempt": {
			observe.LogConfig{TraceID: func(context.Context) string { return "abc" }}, att, observe.Result{Outcome: classify.NotSent, Err: errDown},
			[]string{`level=WARN msg="call failed" side=attempt service=add method=sum instance=a:1 attempt=2 breaker=half-open outcome="not sent" took=0s err=down trace_id=abc`},
		},
		"slow": {
			observe.LogConfig{Slow: time.Second}, call, observe.Result{Took: 2 * time.Second},
			[]string{`level=WARN msg="call was slow" side=client service=add method=sum outcome=success took=2s`},
		},
		"not slow": {observe.LogConfig{Slow: time.Second}, call, observe.Result{Took: time.Second}, nil},
		"long error, cut at a character": {
			observe.LogConfig{MaxErr: 5}, &observe.Call{}, observe.Result{Outcome: classify.Fault, Err: errors.New("ääää")},
			[]string{`level=WARN msg="call failed" side=client outcome=fault took=0s err=ää…`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			logger, lines := written(slog.LevelInfo)
			tt.cfg.Logger = logger
			o := observe.Log(tt.cfg)
			o.End(o.Start(t.Context(), tt.call), tt.call, tt.r)
			if diff := cmp.Diff(tt.want, lines()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSuccessesAreSampledByMethod(t *testing.T) {
	logger, lines := written(slog.LevelInfo)
	o := observe.Log(observe.LogConfig{Logger: logger, Successes: 10})
	for range 25 {
		o.End(t.Context(), &observe.Call{Method: "sum"}, observe.Result{})
	}
	o.End(t.Context(), &observe.Call{Method: "concat"}, observe.Result{})
	got := lines()
	if len(got) != 4 || strings.Count(strings.Join(got, "\n"), "method=sum") != 3 {
		t.Errorf("want the 1st, 11th and 21st sum, and the only concat; got:\n%s", strings.Join(got, "\n"))
	}
}

// TestAnIncidentDoesNotDrownTheLog: of 500 failures in each of two seconds, 3
// are told, then one in 100, and nothing is lost from the count.
func TestAnIncidentDoesNotDrownTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := written(slog.LevelInfo)
		o := observe.Log(observe.LogConfig{Logger: logger, Failures: 3, Sample: 100})
		fail := func(method string, n int) {
			for range n {
				o.End(t.Context(), &observe.Call{Method: method}, observe.Result{Outcome: classify.Failure})
			}
		}
		line := func(left int) string {
			s := `level=WARN msg="call failed" side=client method=sum outcome=failure took=0s`
			if left > 0 {
				s += fmt.Sprint(" left_out=", left)
			}
			return s
		}
		fail("sum", 500)
		want := []string{line(0), line(0), line(0), line(99), line(99), line(99), line(99)}
		if diff := cmp.Diff(want, lines()); diff != "" {
			t.Errorf("first second (-want +got):\n%s", diff)
		}
		fail("concat", 1)
		if got := lines(); len(got) != 1 {
			t.Errorf("another method is told %d times", len(got))
		}
		time.Sleep(time.Second)
		fail("sum", 4)
		if diff := cmp.Diff([]string{line(97), line(0), line(0)}, lines()); diff != "" {
			t.Errorf("next second (-want +got):\n%s", diff)
		}
	})
}

func TestManyMethodsShareASample(t *testing.T) {
	logger, lines := written(slog.LevelInfo)
	o := observe.Log(observe.LogConfig{Logger: logger, Successes: 1 << 30})
	for i := range 1500 {
		o.End(t.Context(), &observe.Call{Method: fmt.Sprint(i)}, observe.Result{})
	}
	if got := len(lines()); got != 1001 {
		t.Errorf("%d lines, want one for each of the first 1000 methods and one for all others", got)
	}
}

func TestLogThatIsOffCostsNothing(t *testing.T) {
	logger, lines := written(slog.LevelError)
	o := observe.Log(observe.LogConfig{Logger: logger, Successes: 1, TraceID: func(context.Context) string { t.Error("asked"); return "" }})
	c := &observe.Call{Method: "sum"}
	for _, r := range []observe.Result{{}, {Outcome: classify.Failure, Err: errDown}} {
		if n := testing.AllocsPerRun(100, func() { o.End(t.Context(), c, r) }); n != 0 {
			t.Errorf("%v: %v allocations", r.Outcome, n)
		}
	}
	if got := lines(); got != nil {
		t.Errorf("written: %q", got)
	}
}

func TestUntoldCostsNothing(t *testing.T) {
	logger, _ := written(slog.LevelInfo)
	o := observe.Log(observe.LogConfig{Logger: logger, Successes: 1 << 30, Failures: 1, Sample: 1 << 30})
	c := &observe.Call{Method: "sum"}
	for _, r := range []observe.Result{{}, {Outcome: classify.Failure, Err: errDown}} {
		o.End(t.Context(), c, r)
		o.End(t.Context(), c, r)
		call := observe.Calls(observe.Config{Side: observe.Server, Observers: []observe.Observer{o}})("sum")(endpoint.Nop)
		if n := testing.AllocsPerRun(10, func() { _, _ = call(t.Context(), nil) }); n != 0 {
			t.Errorf("%v: %v allocations", r.Outcome, n)
		}
	}
}

func TestLogConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		cfg  observe.LogConfig
		want string
	}{
		{observe.LogConfig{}, ""},
		{observe.LogConfig{Slow: -1}, "observe: LogConfig.Slow is -1ns: want more than 0, or 0 for no limit"},
		{observe.LogConfig{Successes: -1}, "observe: LogConfig.Successes is -1: want 1 in how many are told, or 0 for none"},
		{observe.LogConfig{Failures: -1}, "observe: LogConfig.Failures is -1: want how many are told in a second, or 0 for 10"},
		{observe.LogConfig{Sample: -1}, "observe: LogConfig.Sample is -1: want 1 in how many are told, or 0 for 100"},
		{observe.LogConfig{MaxErr: -1}, "observe: LogConfig.MaxErr is -1: want how many bytes, or 0 for 256"},
	} {
		err := tt.cfg.Validate()
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if p := recovered(func() { observe.Log(tt.cfg) }); (p != nil) != (tt.want != "") {
			t.Errorf("Log(%+v) panics with %v", tt.cfg, p)
		}
	}
}
