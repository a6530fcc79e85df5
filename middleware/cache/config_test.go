package cache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/cache"
)

func TestValidateNamesTheField(t *testing.T) {
	for _, tt := range []struct {
		cfg  cache.Config
		want string
	}{
		{cache.Config{Key: byRequest}, ""},
		{cache.Config{}, "cache: Config.Key is nil: want"},
		{cache.Config{Key: byRequest, TTL: -time.Second}, "cache: Config.TTL is -1s: want"},
		{cache.Config{Key: byRequest, MaxStale: -time.Second}, "cache: Config.MaxStale is -1s: want"},
		{cache.Config{Key: byRequest, Entries: -1}, "cache: Config.Entries is -1: want"},
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
			cache.New(tt.cfg)
		}()
	}
}
