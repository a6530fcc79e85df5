package lb

import (
	"os"
	"strings"
	"testing"
)

func TestParsePolicy(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b")
	for _, known := range policies() {
		for _, name := range []string{known.name, strings.ToUpper(known.name), strings.ReplaceAll(known.name, "_", "-"), " " + known.name + "\n"} {
			policy, err := ParsePolicy(name)
			if err != nil {
				t.Errorf("%q: %v", name, err)
				continue
			}
			if got := picks(t, Endpoint(policy(p)), 10); got["a"]+got["b"] != 10 {
				t.Errorf("%q picked %v", name, got)
			}
			if _, ok := policy(p).(part); !ok {
				t.Errorf("%q makes a balancer that is no part for others", name)
			}
		}
	}
}

// The doc comment is where people look for the names.
func TestEveryPolicyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("policy.go")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), "func ParsePolicy")
	doc := strings.NewReplacer("\n// ", " ", ",", " ", ".", " ").Replace(before[strings.LastIndex(before, "// ParsePolicy"):])
	for _, known := range policies() {
		if !strings.Contains(doc, " "+known.name+" ") {
			t.Errorf("ParsePolicy's comment does not name %s", known.name)
		}
	}
}

func TestUnknownPolicies(t *testing.T) {
	for name, near := range map[string]string{
		"":                "",
		"x":               "",
		"zookeeper":       "",
		"adaptiv":         "adaptive",
		"roundrobin":      "round_robin",
		"leastrequest":    "least_request",
		"p2c":             "",
		"weightedrandom":  "weighted_random",
		"peakewma":        "peak_ewma",
		"magleev":         "maglev",
		"rendezvous hash": "rendezvous",
	} {
		_, err := ParsePolicy(name)
		if err == nil {
			t.Errorf("%q: no error", name)
			continue
		}
		for _, known := range policies() {
			if !strings.Contains(err.Error(), known.name) {
				t.Errorf("%q: the error does not list %s: %v", name, known.name, err)
			}
		}
		_, hint, _ := strings.Cut(err.Error(), "did you mean ")
		if got := strings.TrimSuffix(hint, "?"); got != near {
			t.Errorf("%q: did you mean %q, want %q", name, got, near)
		}
	}
}
