package breaker_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
)

func TestValidateNamesTheField(t *testing.T) {
	for want, cfg := range map[string]breaker.Config{
		"":                           {},
		"Config.Consecutive is -1":   {Consecutive: -1},
		"Config.Ratio is -0.1":       {Ratio: -0.1},
		"Config.Ratio is 1.5":        {Ratio: 1.5},
		"Config.Ratio is NaN":        {Ratio: math.NaN()},
		"Config.MinCalls is -1":      {MinCalls: -1},
		"Config.Window is 1µs":       {Window: time.Microsecond},
		"Config.SlowCall is -1s":     {SlowCall: -time.Second},
		"Config.SlowRatio is 2:":     {SlowCall: time.Second, SlowRatio: 2},
		"Config.SlowRatio is NaN":    {SlowCall: time.Second, SlowRatio: math.NaN()},
		"set SlowCall too":           {SlowRatio: 0.5},
		"Config.OpenFor is -1s":      {OpenFor: -time.Second},
		"Config.MaxOpen is -1s":      {MaxOpen: -time.Second},
		"OpenFor 5s is above":        {MaxOpen: time.Second}, // the default
		"OpenFor 2m0s is above":      {OpenFor: 2 * time.Minute},
		"Config.ProbeLease is -1ms:": {ProbeLease: -time.Millisecond},
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
		panics(t, func() { breaker.New(cfg) }, want)
		panics(t, func() { breaker.Each(cfg) }, want) // not only when an instance comes
		panics(t, func() { breaker.NewGroup(cfg) }, want)
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
