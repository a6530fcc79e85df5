package consul

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/sd"
)

// opened is the registry that target opens with cfg.
func opened(t *testing.T, target string, cfg Config) (registry, error) {
	t.Helper()
	parsed, err := sd.ParseTarget(target)
	if err != nil {
		return registry{}, err
	}
	w, err := Scheme(cfg).Watcher(parsed)
	h, herr := Scheme(cfg).Holder(parsed)
	if (err == nil) != (herr == nil) {
		t.Errorf("a Watcher is %v, a Holder %v, of %s", err, herr, target)
	}
	if err != nil {
		return registry{}, err
	}
	if got := h.(*Holder).registry; got.service != w.(*Watcher).service || *got.remote != *w.(*Watcher).remote {
		t.Errorf("Watcher and Holder of %s differ", target)
	}
	return w.(*Watcher).registry, nil
}

func TestTargets(t *testing.T) {
	const host = "consul://127.0.0.127:8555/"
	for _, tt := range []struct {
		target  string
		cfg     Config
		service string
		want    Config // beside the defaults
	}{
		{target: host + "my-service", service: "my-service"},
		{
			target:  "consul://user:password@127.0.0.127:8555/my-service?wait=14s&near=host&insecure=true&limit=1&tag=production&token=test_token&healthy=true&timeout=20s&dc=east&allow-stale=true&require-consistent=false",
			service: "my-service",
			want: Config{
				Wait: 14 * time.Second, Near: "host", Limit: 1, Tags: []string{"production"}, Token: "test_token",
				Healthy: true, Timeout: 20 * time.Second, Datacenter: "east", AllowStale: true,
			},
		},
		{
			target:  host + "s?scheme=https&ca=/ca.pem&cert=/c.pem&key=/k.pem&server-name=agent&ns=n&partition=p&filter=Service.Port+%3E+1&token-file=/t&ttl=30s&deregister-after=5m&use-cache=true",
			service: "s",
			want: Config{
				TLS: &TLS{CA: "/ca.pem", Cert: "/c.pem", Key: "/k.pem", ServerName: "agent"}, Namespace: "n", Partition: "p",
				Filter: "Service.Port > 1", TokenFile: "/t", TTL: 30 * time.Second, DeregisterAfter: 5 * time.Minute, UseCache: true,
			},
		},
		{target: host + "prod/s", service: "s", want: Config{Namespace: "prod"}},
		{target: host + "s?scheme=https&insecure=true", service: "s", want: Config{TLS: &TLS{InsecureSkipVerify: true}}},
		{target: host + "s?server-name=agent", service: "s", want: Config{TLS: &TLS{ServerName: "agent"}}},
		{target: host + "s?scheme=http", cfg: Config{TLS: &TLS{CA: "/ca"}}, service: "s"},
		{target: host + "s?scheme=https", cfg: Config{TLS: &TLS{CA: "/ca"}}, service: "s", want: Config{TLS: &TLS{CA: "/ca"}}},
		{target: host + "s?token=t", cfg: Config{TokenFile: "/t"}, service: "s", want: Config{Token: "t"}},
		{target: host + "s?token-file=/t", cfg: Config{Token: "t"}, service: "s", want: Config{TokenFile: "/t"}},
		{target: host + "s?timeout=20s", cfg: Config{Wait: time.Minute}, service: "s", want: Config{Wait: 20 * time.Second, Timeout: 20 * time.Second}},
		{target: host + "s?wait=2m", cfg: Config{Timeout: time.Minute}, service: "s", want: Config{Wait: 2 * time.Minute}},
		{target: host + "s?allow-stale=true", cfg: Config{RequireConsistent: true}, service: "s", want: Config{AllowStale: true}},
		{target: host + "s?require-consistent=true", cfg: Config{UseCache: true, AllowStale: true}, service: "s", want: Config{RequireConsistent: true}},
		{target: host + "s?limit=0&tag=a", cfg: Config{Limit: 5, Tags: []string{"b", "c"}}, service: "s", want: Config{Tags: []string{"a"}}},
	} {
		r, err := opened(t, tt.target, tt.cfg)
		if err != nil {
			t.Errorf("%s: %v", tt.target, err)
			continue
		}
		if r.service != tt.service || r.remote.addr != "127.0.0.127:8555" {
			t.Errorf("%s is %s at %s", tt.target, r.service, r.remote.addr)
		}
		if diff := cmp.Diff(tt.want.withDefaults(), r.cfg, cmpopts.IgnoreFields(Config{}, "Logger", "Instancer", "Ready")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.target, diff)
		}
	}
}

func TestBadTargets(t *testing.T) {
	const s = "consul://127.0.0.1:8500/s"
	for target, says := range map[string]string{
		"consul://127.0.0.1:8500":            "names no service",
		"consul://127.0.0.1/s":               "host:port",
		"consul:///s":                        "name one agent",
		"consul://a:1,b:1/s":                 "name one agent",
		"consul://127.0.0.1:8500/a/b/c":      "%2F",
		"consul://127.0.0.1:8500/n/s?ns=m":   "keep one",
		s + "#x":                             "%23",
		s + "?tagg=x":                        "tagg",
		s + "?tag=a&tag=b":                   "keep one",
		s + "?tag=":                          "empty",
		s + "?healthy=yes":                   "true or false",
		s + "?healthy=":                      "true or false",
		s + "?wait=-5s":                      "15s",
		s + "?wait=5":                        "15s",
		s + "?wait=20m":                      "55s",
		s + "?timeout=5s&wait=10s":           "shorter than Wait",
		s + "?limit=x":                       "whole number",
		s + "?limit=99999999999999999999":    "whole number",
		s + "?token=a&token-file=b":          "keep one",
		s + "?scheme=ftp":                    "http or https",
		s + "?scheme=http&ca=/ca":            "scheme=https",
		s + "?cert=/c":                       "needs both",
		s + "?insecure=true&ca=/ca":          "keep one",
		s + "?insecure=maybe":                "true or false",
		s + "?ttl=1s":                        "6s",
		s + "?deregister-after=1s":           "10m",
		s + "?near=":                         "empty",
		s + "?use-cache=1":                   "true or false",
		s + "?" + strings.Repeat("x", 1<<20): "bytes",
		s + "?allow-stale=true&require-consistent=true":                       "keep one",
		s + "?use-cache=true&require-consistent=true":                         "keep one",
		"consul://u:geheim@127.0.0.1:8500/s/?token=geheim":                    "extra",
		"consul://u:geheim@127.0.0.1:8500/a%20b?token=geheim":                 "letters",
		"consul://u:geheim@127.0.0.1:8500/s?token=geheim&x=1":                 "takes no parameter",
		"consul://u:geheim@127.0.0.1:8500,b:1/s?token=geheim":                 "name one agent",
		"consul://u:geheim@127.0.0.1:8500/s?token=geheim&token=geheim":        "keep one",
		"consul://u:geheim@127.0.0.1:8500/s?token=geheim&token-file=f":        "keep one",
		"consul://u:geheim@127.0.0.1:8500/s?token=geheim&wait=1ms":            "55s",
		"consul://u:geheim@127.0.0.1:8500/s?token=geheim&scheme=gopher":       "http or https",
		"consul://u:geheim@127.0.0.1:8500/s?token=geheim&timeout=1s&wait=30s": "shorter",
	} {
		i, err := sd.Open(target, sd.InstancerConfig{}, Scheme(Config{}))
		if err == nil {
			i.Stop()
		}
		_, herr := sd.OpenHolder(target, Scheme(Config{}))
		for _, err := range []error{err, herr} {
			if !errors.Is(err, sd.ErrTarget) || !strings.Contains(fmt.Sprint(err), says) || strings.Contains(fmt.Sprint(err), "geheim") {
				t.Errorf("%.80s: %v, want an sd.ErrTarget that says %q and no secret", target, err, says)
			}
		}
	}
}

func TestContradictionsOfConfigAreNotTheTargets(t *testing.T) {
	for _, cfg := range []Config{{AllowStale: true, RequireConsistent: true}, {Token: "a", TokenFile: "b"}, {TTL: -1}, {TLS: &TLS{Key: "k"}}} {
		if _, err := opened(t, "consul://127.0.0.1:8500/s", cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}
