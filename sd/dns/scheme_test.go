package dns

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/sd"
)

func TestScheme(t *testing.T) {
	base := Config{Timeout: time.Second, Servers: []string{"10.0.0.9:53"}}
	for in, want := range map[string]struct {
		name string
		cfg  Config
	}{
		"dns:///_grpc._tcp.addsvc.internal":                               {"_grpc._tcp.addsvc.internal", base},
		"dns:///addsvc.internal.:8080":                                    {"addsvc.internal.:8080", base},
		"dns://10.0.0.2:53,[2001:db8::7]:53/addsvc.consul?type=srv":       {"addsvc.consul", Config{Timeout: time.Second, Servers: []string{"10.0.0.2:53", "[2001:db8::7]:53"}, SRV: true}},
		"dns://ns.test:5353/a:1?timeout=3s&min-refresh=2s&max-refresh=1m": {"a:1", Config{Servers: []string{"ns.test:5353"}, Timeout: 3 * time.Second, MinRefresh: 2 * time.Second, MaxRefresh: time.Minute}},
		"dns:///a:1?tcp=true&family=ipv6":                                 {"a:1", Config{Timeout: time.Second, Servers: base.Servers, TCP: true, Family: "ipv6"}},
	} {
		target, err := sd.ParseTarget(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := open(target, base)
		if err != nil || got.name != want.name || !reflect.DeepEqual(got.cfg, want.cfg) {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
}

func TestSchemeSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"dns://10.0.0.2:53":                          "should be one name",
		"dns:///a/b:1":                               "should be one name",
		"dns://addsvc.internal:8080":                 "should be one name",
		"dns://10.0.0.2/x:1":                         "host 1",
		"dns://u:geheim@10.0.0.2:53/x:1":             "has a user",
		"dns:///addsvc.internal":                     "has no port: add it, or ask for SRV records",
		"dns:///_grpc._tcp.x:80":                     "take it away",
		"dns:///x:80?type=srv":                       "take it away",
		"dns:///10.0.0.7:80":                         "is an address, not a name: list it as static://",
		"dns:///[2001:db8::7]:80":                    "is an address, not a name",
		"dns:///10.0.0.7?type=srv":                   "is an address",
		"dns:///x:0":                                 "port",
		"dns:///x:65536":                             "port",
		"dns:///x:http":                              "port",
		"dns:///x:1:2":                               "not host:port",
		"dns:///:80":                                 "no host",
		"dns:///a%20b:80":                            "cannot be part of a host name",
		"dns:///a..b:80":                             "label that is empty",
		"dns:///é:80":                                "punycode",
		"dns:///a%2Fb:80":                            "cannot be part",
		"dns:///user%40x:80":                         "without user and password",
		"dns:///" + strings.Repeat("a", 64) + ":80":  "longer than 63 bytes",
		"dns:///" + strings.Repeat("a.", 140) + ":1": "bytes",
		"dns:///x:80?type=a":                         "write srv",
		"dns:///x:80?family=ip4":                     "write ipv4 or ipv6",
		"dns:///x:80?family=":                        "write ipv4 or ipv6",
		"dns:///x:80?tcp=yes":                        "write true or false",
		"dns:///x:80?timeout=0s":                     "parameter timeout is 0",
		"dns:///x:80?timeout=-1s":                    "write a duration",
		"dns:///x:80?min-refresh=1ms":                "at least 10ms",
		"dns:///x:80?min-refresh=2m&max-refresh=1m":  "shorter than the shortest",
		"dns:///x:80?ttl=1s":                         "dns takes no parameter \"ttl\"",
		"dns:///x:80?tcp=true&tcp=true":              "2 times",
	} {
		i, err := sd.Open(in, sd.InstancerConfig{}, Scheme(Config{}))
		if err == nil {
			i.Stop()
		}
		if !errors.Is(err, sd.ErrTarget) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: got %v, want ErrTarget with %q", in, err, want)
		}
	}
	if _, err := sd.OpenHolder("dns:///x:80", Scheme(Config{})); !errors.Is(err, sd.ErrTarget) {
		t.Errorf("registering in the DNS: %v", err)
	}
}

func TestBadConfig(t *testing.T) {
	for want, cfg := range map[string]Config{
		"timeout is -1ns":       {Timeout: -1},
		"shortest refresh":      {MinRefresh: -1},
		"longest refresh":       {MaxRefresh: -1},
		"address family":        {Family: "IPv4"},
		"17 servers":            {Servers: make([]string, 17)},
		`server "10.0.0.2"`:     {Servers: []string{"10.0.0.2"}},
		`server ""`:             {Servers: []string{""}},
		`server "10.0.0.2:dns"`: {Servers: []string{"10.0.0.2:dns"}},
	} {
		err := NewWatcher("x:80", cfg).Watch(t.Context(), func([]sd.Instance) {})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `watch DNS name "x:80": `) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, name := range []string{"", "x", ":", "_x:1", "1.2.3.4:5", "\x00:1", strings.Repeat("x", 1<<20)} {
		if err := NewWatcher(name, Config{}).Watch(t.Context(), func([]sd.Instance) {}); err == nil || len(err.Error()) > 600 {
			t.Errorf("%.20q: got %v", name, err)
		}
	}
	cfg, _, err := Config{MinRefresh: time.Minute}.settle("x:80")
	if err != nil || cfg.MaxRefresh != time.Minute {
		t.Errorf("a long MinRefresh alone: %+v, %v", cfg, err)
	}
}
