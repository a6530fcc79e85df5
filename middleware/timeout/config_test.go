package timeout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/timeout"
)

func TestValidateNamesTheField(t *testing.T) {
	for _, tt := range []struct {
		cfg  timeout.Config
		want string
	}{
		{timeout.Config{}, ""},
		{timeout.Config{Timeout: -1, Least: time.Hour}, ""},
		{timeout.Config{Least: -time.Second}, "timeout: Config.Least is -1s: want"},
		{timeout.Config{Timeout: time.Second, Least: time.Second}, "timeout: Config.Least 1s is not below Timeout 1s"},
		{timeout.Config{Least: time.Minute}, "timeout: Config.Least 1m0s is not below Timeout 10s"}, // the default
	} {
		err := tt.cfg.Validate()
		if tt.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
		func() {
			defer func() {
				if v, _ := recover().(error); v == nil || v.Error() != err.Error() {
					t.Errorf("New panicked with %v", v)
				}
			}()
			timeout.New(tt.cfg)
		}()
	}
}
