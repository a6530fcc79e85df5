package dev

import (
	"errors"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

func TestFlagsAreCheckedBeforeAnythingIsBuilt(t *testing.T) {
	good := config{replicas: 2, http: "127.0.0.1:8080"}
	for _, tt := range []struct {
		flag string
		set  func(*config)
		ok   bool
	}{
		{"", func(*config) {}, true},
		{"", func(c *config) { c.http = "none" }, true},
		{"", func(c *config) { c.http = "[::1]:0" }, true},
		{"", func(c *config) { c.registry = "consul://h:1/prod" }, true},
		{"--replicas 0", func(c *config) { c.replicas = 0 }, false},
		{"--replicas 51", func(c *config) { c.replicas = most + 1 }, false},
		{"--http nonsense", func(c *config) { c.http = "nonsense" }, false},
		{"--http :http", func(c *config) { c.http = ":http" }, false},
		{"--http :65536", func(c *config) { c.http = ":65536" }, false},
		{"--registry: ", func(c *config) { c.registry = "h:1" }, false},
		{"--registry: ", func(c *config) { c.registry = "static://h:1" }, false},
		{"--registry: ", func(c *config) { c.registry = "etcd://u:geheim@h:1:2" }, false},
	} {
		c := good
		tt.set(&c)
		err := c.check()
		if tt.ok {
			if err != nil {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if _, ok := errors.AsType[console.UsageError](err); !ok || !strings.HasPrefix(err.Error(), tt.flag) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
