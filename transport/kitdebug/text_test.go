package kitdebug

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 1500: "2µs", 13 * time.Millisecond: "13ms", 1234567: "1.23ms", 1550 * time.Millisecond: "1.6s",
		time.Minute: "1m", 61 * time.Second: "1m1s", time.Hour: "1h", time.Hour + 10*time.Second: "1h", 25*time.Hour + 10*time.Minute: "25h10m",
		-time.Second: "-1s",
	} {
		if got := span(d.Seconds()); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestMetric(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{0: "0", .5: "0.5", 999: "999", 12345: "12.3k", 1.5e6: "1.5M", 2e9: "2G", 3e12: "3T", 4e15: "4P"} {
		if got := metric(f); got != want {
			t.Errorf("%v is %q, want %q", f, got, want)
		}
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                              "",
		"user@host":                     "user@host",
		"dial http://a:b@h/x: refused":  "dial http://xxxxx@h/x: refused",
		"etcd://a:b@h:1,c@i:2/x":        "etcd://xxxxx@i:2/x",
		"?token=abc&wait=1s":            "?token=xxxxx&wait=1s",
		"X-Consul-Token: abc def":       "X-Consul-Token: xxxxx def",
		`{"password": "abc", "a": 1}`:   `{"password": xxxxx, "a": 1}`,
		`body "{\"secret\":\"ab\",1}"`:  `body "{\"secret\":xxxxx,1}"`,
		`password: "a b", 'c'`:          `password: xxxxx, 'c'`,
		`password="cut off`:             `password=xxxxx off`,
		"map[X-Consul-Token:[a b] C:[]": "map[X-Consul-Token:xxxxx C:[]",
		"Authorization: Bearer a.b-c d": "Authorization: Bearer xxxxx d",
		"api_key=a&apiKey=b&API-KEY=c":  "api_key=xxxxx&apiKey=xxxxx&API-KEY=xxxxx",
		"?token-file=/run/token":        "?token-file=/run/token",
		"client_secret=abc; PASSWORD=x": "client_secret=xxxxx; PASSWORD=xxxxx",
		"permission denied: no token":   "permission denied: no token",
	} {
		if got := withoutSecrets(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"": "", "etcd://root:pw@10.0.0.1:2379/a": "etcd://root:xxxxx@10.0.0.1:2379/a", "consul://h:1/a?token=x": "consul://h:1/a?token=xxxxx",
		"not a target password=x": "not a target password=xxxxx", "http://u:p@h:1/?a@b": "http://xxxxx@h:1/?a@b",
	} {
		if got := target(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	long := short("a\nb\tc\x00" + strings.Repeat("ä", 1000))
	if len(long) > maxShort+3 || !strings.HasPrefix(long, "a; b c\uFFFDä") || !strings.HasSuffix(long, "ä…") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
	if lines("a\n\tb\u202Ec") != "a\n\tb\uFFFDc" {
		t.Errorf("%q", lines("a\n\tb\u202Ec"))
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	some, none := 5.0, math.Inf(1)
	for _, tt := range []struct {
		cost *float64
		most float64
		want int
	}{{nil, 5, 0}, {&some, 0, 0}, {&some, 10, 24}, {&some, 5, 48}, {&some, 1e9, 1}} {
		if got := bar(tt.cost, tt.most); got != tt.want {
			t.Errorf("%v of %v: %d, want %d", tt.cost, tt.most, got, tt.want)
		}
	}
	if known(none) != nil || known(0) != nil || known(5) == nil {
		t.Error("a cost that is no number is known")
	}
}
