package shed_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/shed"
)

func TestValidateNamesTheField(t *testing.T) {
	for want, cfg := range map[string]shed.Config{
		"":                      {},
		"Config.MaxCPU is -0.1": {MaxCPU: -0.1},
		"Config.MaxCPU is 80":   {MaxCPU: 80},
		"Config.MaxCPU is NaN":  {MaxCPU: math.NaN()},
		"Config.MaxWait is -1s": {MaxWait: -time.Second},
		"Config.Interval is 1µ": {Interval: time.Microsecond},
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
		panics(t, func() { shed.New(cfg) }, want)
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
