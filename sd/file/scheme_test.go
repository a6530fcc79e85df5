package file

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/sd"
)

func TestScheme(t *testing.T) {
	for in, want := range map[string]*Watcher{
		"file:///etc/kitgen/addsvc.json":         NewWatcher(filepath.FromSlash("/etc/kitgen/addsvc.json"), Config{Poll: time.Minute}),
		"file:///etc/kitgen/addsvc.json?poll=1s": NewWatcher(filepath.FromSlash("/etc/kitgen/addsvc.json"), Config{Poll: time.Second}),
		"file:///a%20b%25%3F":                    NewWatcher(filepath.FromSlash("/a b%?"), Config{Poll: time.Minute}),
	} {
		target, err := sd.ParseTarget(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := open(target, Config{Poll: time.Minute})
		if err != nil || got.path != want.path || got.cfg != want.cfg {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
}

func TestSchemeSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"file://":                            "names no host",
		"file://etc/addsvc.json":             "not host:port",
		"file://h:1/etc/addsvc.json":         "with three slashes",
		"file://u:geheim@h:1/x":              "with three slashes",
		"file:////etc/x":                     "empty segment",
		"file:///etc/../passwd":              `".." of`,
		"file:///etc/%2E%2E/passwd":          `".." of`,
		"file:///etc%2Fpasswd":               "escaped slashes",
		"file:///x%00":                       "control characters",
		"file:///x?watch=1s":                 `file takes no parameter "watch": it takes poll`,
		"file:///x?poll=1s&poll=2s":          "2 times",
		"file:///x?poll=0s":                  "write a duration from 10ms",
		"file:///x?poll=-1s":                 "write a duration such as",
		"file:///x?poll=1":                   "write a duration such as",
		"file:///x?poll=9999999999999999999": "write a duration such as",
	} {
		i, err := sd.Open(in, sd.InstancerConfig{}, Scheme(Config{}))
		if err == nil {
			i.Stop()
		}
		if !errors.Is(err, sd.ErrTarget) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: got %v, want ErrTarget with %q", in, err, want)
		}
	}
	if _, err := open(sd.Target{Scheme: "file", Path: []string{"x"}}, Config{Poll: -1}); !errors.Is(err, sd.ErrTarget) {
		t.Errorf("a bad Config: got %v", err)
	}
}
