package ratelimit

import (
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

func TestValidateNamesTheField(t *testing.T) {
	own := rate.NewLimiter(1, 1)
	limiter := fleet(nil)
	for _, cfg := range []Config{
		{Rate: 0.1},
		{Rate: 1e9, Burst: 1, MaxWait: time.Second, Key: caller, MaxKeys: 2},
		{Allower: own}, {Waiter: own}, {Limiter: limiter, Key: caller},
	} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for want, cfg := range map[string]Config{
		"Config.Rate is 0: want calls per second":        {},
		"Config.Rate is 5, and there are 2 of":           {Rate: 5, Allower: own},
		"Config.Rate is 0, and there are 3 of":           {Waiter: own, Allower: own, Limiter: limiter},
		"Config.Rate is -1: ":                            {Rate: -1},
		"Config.Rate is NaN: ":                           {Rate: math.NaN()},
		"Config.Rate is +Inf: ":                          {Rate: math.Inf(1)},
		"Config.Burst is -1: ":                           {Rate: 1, Burst: -1},
		"Config.Burst is 5 without Rate: ":               {Limiter: limiter, Burst: 5},
		"Config.MaxWait is -1s: ":                        {Rate: 1, MaxWait: -time.Second},
		"Config.MaxWait is 1s without Rate: ":            {Allower: own, MaxWait: time.Second},
		"Config.Key is set with an Allower or a Waiter,": {Allower: own, Key: caller},
		"Config.MaxKeys is 1: ":                          {Rate: 1, MaxKeys: 1},
		"Config.MaxKeys is -1: ":                         {Rate: 1, MaxKeys: -1},
		"Config.Timeout is -1s: ":                        {Limiter: limiter, Timeout: -time.Second},
	} {
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), "ratelimit: "+want) {
			t.Errorf("%v, want %q", err, want)
			continue
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
