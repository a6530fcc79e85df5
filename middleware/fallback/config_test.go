package fallback_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/fallback"
)

func TestValidateNamesTheField(t *testing.T) {
	for _, tt := range []struct {
		cfg  fallback.Config
		want string
	}{
		{fallback.Config{Fallback: second}, ""},
		{fallback.Config{}, "fallback: Config.Fallback is nil: want"},
		{fallback.Config{Fallback: second, Reserve: -time.Second}, "fallback: Config.Reserve is -1s: want"},
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
			fallback.New(tt.cfg)
		}()
	}
}
