package observe_test

import (
	"testing"

	"github.com/kitgen/kitgen/middleware/observe"
)

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		cfg  observe.Config
		want string
	}{
		{observe.Config{}, ""},
		{observe.Config{Side: observe.Server, Observers: []observe.Observer{&notes{}}}, ""},
		{observe.Config{Side: observe.Attempt}, "observe: Config.Side is attempt: want Client or Server; attempts are what Attempts observes"},
		{observe.Config{Side: 9}, "observe: Config.Side is side 9: want Client or Server; attempts are what Attempts observes"},
		{observe.Config{Observers: []observe.Observer{&notes{}, nil}}, "observe: Config.Observers[1] is nil: want an Observer, or none in its place"},
	} {
		got := ""
		if err := tt.cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.cfg, got, tt.want)
		}
		for name, build := range map[string]func(){"Calls": func() { observe.Calls(tt.cfg) }, "Attempts": func() { observe.Attempts(tt.cfg) }} {
			if p := recovered(build); (p != nil) != (tt.want != "") {
				t.Errorf("%s(%+v) panics with %v", name, tt.cfg, p)
			}
		}
	}
}

func recovered(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}
