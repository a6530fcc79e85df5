package throttle

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestValidateNamesTheField(t *testing.T) {
	for want, cfg := range map[string]Config{
		"":                           {},
		"Config.K is 0.5: ":          {K: 0.5},
		"Config.K is -1: ":           {K: -1},
		"Config.K is NaN: ":          {K: math.NaN()},
		"Config.K is +Inf: ":         {K: math.Inf(1)},
		"Config.Window is 1µs: ":     {Window: time.Microsecond},
		"Config.Window is -1s: ":     {Window: -time.Second},
		"Config.MinOverloads is -1:": {MinOverloads: -1},
		"Config.Trickle is -1s: ":    {Trickle: -time.Second},
	} {
		err := cfg.Validate()
		if want == "" {
			if err != nil {
				t.Errorf("%+v: %v", cfg, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "throttle: "+want) {
			t.Errorf("%v, want %q", err, want)
		}
		func() {
			defer func() {
				if got := recover(); got == nil || got.(error).Error() != err.Error() {
					t.Errorf("New panicked with %v", got)
				}
			}()
			New(cfg)
		}()
	}
}
