package sd

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatic(t *testing.T) {
	for in, want := range map[string]Fixed{
		"static://10.0.0.7:8080":                       {{Addr: "10.0.0.7:8080"}},
		"static://a.internal:1,[2001:db8::7]:2":        {{Addr: "a.internal:1"}, {Addr: "[2001:db8::7]:2"}},
		"static://a:1,b:2?weight=7&zone=eu%2Dwest%201": {{Addr: "a:1", Weight: 7, Zone: "eu-west 1"}, {Addr: "b:2", Weight: 7, Zone: "eu-west 1"}},
	} {
		target, err := ParseTarget(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Static().Watcher(target)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(Watcher(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func TestStaticSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"static://":                         "it names no host",
		"static:///a":                       "names no host",
		"static://a:1/addsvc":               "has a path",
		"static://u:geheim@a:1":             "has a user",
		"static://a:1?tag=x":                `static takes no parameter "tag": it takes weight, zone`,
		"static://a:1?weight=0":             "write a number from 1 to 1000000",
		"static://a:1?weight=-1":            "write a number",
		"static://a:1?weight=1000001":       "write a number",
		"static://a:1?weight=1e3":           "write a number",
		"static://a:1?weight=NaN":           "write a number",
		"static://a:1?weight=":              "write a number",
		"static://a:1?weight=1&weight=2":    "2 times",
		"static://a:1?zone=":                "zone is empty",
		"static://a:1?zone=x%0Ay":           "cannot be read",
		"static://a:1,a:1":                  "twice",
		"static://a:0":                      "port",
		"static://0.0.0.0:80":               "where a server listens",
		"static://[fe80::1%25eth0]:80":      "zone",
		"static://http:%2F%2Fexample.com:1": "not host:port",
	} {
		i, err := Open(in, InstancerConfig{}, Static())
		if err == nil {
			i.Stop()
		}
		if !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: got %v, want ErrTarget with %q", in, err, want)
		}
	}
	for _, target := range []Target{{}, {Hosts: []string{"nonsense"}}, {Path: []string{"a"}}} {
		if _, err := Static().Watcher(target); !errors.Is(err, ErrTarget) {
			t.Errorf("%v: got %v", target, err)
		}
	}
	if _, err := OpenHolder("static://a:1", Static()); !errors.Is(err, ErrTarget) {
		t.Errorf("registering in a list: %v", err)
	}
}

func TestFixedEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDown)
	sets := 0
	if err := (Fixed{{Addr: "a:1"}}).Watch(ctx, func([]Instance) { sets++ }); !errors.Is(err, errDown) || sets > 1 {
		t.Errorf("got %v after %d sets", err, sets)
	}
}
