package retry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/retry"
)

func TestValidateNamesTheField(t *testing.T) {
	for want, cfg := range map[string]retry.Config{
		"":                                    {},
		"Config.Attempts is -1":               {Attempts: -1},
		"Config.MinBackoff is -1ns":           {MinBackoff: -1},
		"Config.MaxBackoff is -1s":            {MaxBackoff: -time.Second},
		"MinBackoff 5s is above MaxBackoff 1": {MinBackoff: 5 * time.Second}, // the default
		"MinBackoff 10ms is above MaxBackoff": {MaxBackoff: time.Millisecond},
	} {
		err := cfg.Validate()
		if want == "" {
			if err != nil {
				t.Errorf("%+v: %v", cfg, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
		panics(t, func() { retry.New(cfg) }, want)
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
