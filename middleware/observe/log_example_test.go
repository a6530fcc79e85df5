package observe_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/kitgen/kitgen/middleware/observe"
)

func ExampleLog() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTimes}))
	calls := observe.Log(observe.LogConfig{Logger: logger, Slow: time.Minute})

	cfg := observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{calls}}
	sum := observe.Calls(cfg)("Sum")(func(context.Context, any) (any, error) {
		return nil, errors.New("disk full")
	})
	_, _ = sum(context.Background(), nil)
	// Output:
	// level=WARN msg="call failed" side=server service=addsvc method=Sum outcome=failure err="disk full"
}

func withoutTimes(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "took" {
		return slog.Attr{}
	}
	return a
}

func ExampleLogConfig_Validate() {
	fmt.Println(observe.LogConfig{Sample: -1}.Validate())
	// Output: observe: LogConfig.Sample is -1: want 1 in how many are told, or 0 for 100
}
