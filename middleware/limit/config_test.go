package limit_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/limit"
)

func TestValidateNamesTheField(t *testing.T) {
	for want, cfg := range map[string]limit.Config{
		"":                          {},
		"Config.Min is -1":          {Min: -1},
		"Config.Max is -1":          {Max: -1},
		"Config.Initial is -1":      {Initial: -1},
		"Config.Min 5 is above Max": {Min: 5, Max: 4},
		"Config.Min 2000 is above":  {Min: 2000}, // the default
		"Config.Initial is 9: want between Min 0": {Initial: 9, Max: 8},
		"Config.Initial is 1: want between Min 2": {Initial: 1, Min: 2},
		"Config.Tolerance is 1:":                  {Tolerance: 1},
		"Config.Tolerance is NaN":                 {Tolerance: math.NaN()},
		"Config.Window is 1µs":                    {Window: time.Microsecond},
		"Config.ProbeEvery is 1ms":                {ProbeEvery: time.Millisecond},
		"Config.ProbeEvery is 0s (10s if zero)":   {Window: 20 * time.Second},
		"Config.Max is 1073741825":                {Initial: 1<<30 + 1, Max: 1<<30 + 1},
		"Config.Backoff is 1:":                    {Backoff: 1},
		"Config.Backoff is NaN":                   {Backoff: math.NaN()},
	} {
		err := cfg.Validate()
		if want == "" {
			if err != nil {
				t.Errorf("%+v: %v", cfg, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		panics(t, func() { limit.New(cfg) }, want)
		panics(t, func() { limit.Each(cfg) }, want) // not only when an instance comes
	}
	for _, cfg := range []limit.Config{{Max: 1}, {Min: 100}, {Max: 3}} { // what is zero fits in
		limit.New(cfg)
		limit.Each(cfg)("a:1")
	}
}

func panics(t *testing.T, f func(), want string) {
	t.Helper()
	defer func() {
		err, _ := recover().(error)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("panicked with %v, want %q", err, want)
		}
	}()
	f()
}
