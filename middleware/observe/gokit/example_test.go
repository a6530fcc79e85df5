package gokit_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-kit/kit/endpoint"
	kitprometheus "github.com/go-kit/kit/metrics/prometheus"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/gokit"
)

// withoutTime is a logger whose output is the same every day.
func withoutTime(next log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		if keyvals[0] == "ts" {
			keyvals = keyvals[2:]
		}
		return next.Log(keyvals...)
	})
}

func ExampleNewHandler() {
	logger := withoutTime(log.NewLogfmtLogger(os.Stdout))
	slog.New(gokit.NewHandler(logger, nil)).WithGroup("instance").Warn("ejected", "id", "a:1")
	// Output: level=warn msg=ejected instance.id=a:1
}

func ExampleNewLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	level.Error(gokit.NewLogger(logger)).Log("msg", "cannot connect", "instance", "a:1")
	// Output: level=ERROR msg="cannot connect" instance=a:1
}

func ExampleMetrics() {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls_total", Help: "Calls."},
		[]string{"side", "service", "method", "outcome", "code"})
	metrics := gokit.Metrics(gokit.MetricsConfig{Calls: kitprometheus.NewCounter(total)}) // or go-kit's statsd, influx, …
	cfg := observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{metrics}}
	_, _ = observe.Calls(cfg)("Sum")(endpoint.Nop)(context.Background(), nil)
	fmt.Println(testutil.ToFloat64(total.WithLabelValues("server", "addsvc", "Sum", "success", "200")))
	// Output: 1
}

func ExampleMetricsConfig_Validate() {
	fmt.Println(gokit.MetricsConfig{Methods: -1}.Validate())
	// Output: gokit: MetricsConfig.Methods is -1: want at least 1, or 0 for 1000
}
