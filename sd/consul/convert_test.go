package consul

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// entryOf is how a registration comes back.
func entryOf(r *api.AgentServiceRegistration, checks ...*api.HealthCheck) *api.ServiceEntry {
	return &api.ServiceEntry{
		Node:    &api.Node{Node: "n1", Address: "10.1.1.1"},
		Service: &api.AgentService{ID: r.ID, Service: r.Name, Address: r.Address, Port: r.Port, Tags: r.Tags, Meta: r.Meta, Weights: *r.Weights},
		Checks:  checks,
	}
}

func TestRegistrationKeepsInstance(t *testing.T) {
	for name, in := range map[string]sd.Instance{
		"address only": {ID: "a", Addr: "10.0.0.1:80", Weight: 1},
		"everything": {
			ID: "größe/1 %", Addr: "[2001:db8::1]:443", Weight: maxWeight, Zone: "eu-1", Version: "v1.2.3+dirty",
			Tags: []string{"blue", "x=y"}, Meta: map[string]string{"grpc": "10.0.0.1:81"},
		},
		"host name": {ID: "10.0.0.1:80", Addr: "a.example:80", Weight: 3, Version: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := (&Config{}).toConsul("svc", in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(in, fromConsul(entryOf(r))); diff != "" {
				t.Errorf("it came back different (-want +got):\n%s", diff)
			}
		})
	}
}

func TestToConsulDoesNotTouchTheInstance(t *testing.T) {
	in := sd.Instance{ID: "a b", Addr: "h:80", Zone: "z", Meta: map[string]string{"k": "v"}}
	if _, err := (&Config{}).toConsul("svc", in); err != nil {
		t.Fatal(err)
	}
	if len(in.Meta) != 1 {
		t.Errorf("its Meta is %v now", in.Meta)
	}
}

func TestToConsulRefuses(t *testing.T) {
	for _, tt := range []struct {
		in   sd.Instance
		says string
	}{
		{sd.Instance{ID: "a"}, "address"},
		{sd.Instance{ID: "a", Addr: "h:80", Weight: maxWeight + 1}, "65535"},
		{sd.Instance{ID: "a", Addr: "h:80", Meta: map[string]string{"zone": "z"}}, `"zone"`},
		{sd.Instance{ID: "a", Addr: "h:80", Meta: map[string]string{"instance-id": "z"}}, "another key"},
	} {
		_, err := (&Config{}).toConsul("svc", tt.in)
		if !errors.Is(err, sd.ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("toConsul(%+v) = %v, want an sd.ErrInvalid that says %q", tt.in, err, tt.says)
		}
	}
}

func TestForeignEntries(t *testing.T) {
	warning := &api.HealthCheck{Status: api.HealthWarning}
	for _, tt := range []struct {
		name  string
		entry api.ServiceEntry
		want  sd.Instance
	}{
		{
			"at its node's address",
			api.ServiceEntry{Node: &api.Node{Address: "::1"}, Service: &api.AgentService{ID: "a", Port: 80}},
			sd.Instance{ID: "a", Addr: "[::1]:80", Weight: 1},
		}, {
			"weight of a warning",
			api.ServiceEntry{Node: &api.Node{}, Service: &api.AgentService{ID: "a", Address: "h", Port: 80, Weights: api.AgentWeights{Passing: 10, Warning: 3}}, Checks: api.HealthChecks{warning}},
			sd.Instance{ID: "a", Addr: "h:80", Weight: 3, State: sd.Warning},
		}, {
			"weight 0 for a warning",
			api.ServiceEntry{Node: &api.Node{}, Service: &api.AgentService{ID: "a", Address: "h", Port: 80, Weights: api.AgentWeights{Passing: 10}}, Checks: api.HealthChecks{warning}},
			sd.Instance{ID: "a", Addr: "h:80", Weight: 1, State: sd.Critical},
		}, {
			"no port, for the Instancer to refuse",
			api.ServiceEntry{Node: &api.Node{}, Service: &api.AgentService{ID: "a"}},
			sd.Instance{ID: "a", Addr: ":0", Weight: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fromConsul(&tt.entry)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstancesOfTwoNodesWithOneID(t *testing.T) {
	entry := func(node, id string) *api.ServiceEntry {
		return &api.ServiceEntry{Node: &api.Node{Node: node}, Service: &api.AgentService{ID: id, Address: node, Port: 80}}
	}
	got := everybody(instances([]*api.ServiceEntry{entry("n2", "a"), nil, {}, entry("n1", "b"), entry("n1", "a")}))
	if diff := cmp.Diff([]string{"b", "n1/a", "n2/a"}, idsOf(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestServiceIDs(t *testing.T) {
	for id, want := range map[string]string{
		"addsvc-web1.example-9f86d081884c7d65": "addsvc-web1.example-9f86d081884c7d65",
		"10.0.0.1:80":                          "10.0.0.1:80",
		"[::1]:80":                             "[::1]:80",
		"a/b":                                  "a~2Fb",
		"a~2Fb":                                "a~7E2Fb",
		".":                                    "~2E",
		"..":                                   "~2E~2E",
		"a..b":                                 "a..b",
		" %é":                                  "~20~25~C3~A9",
	} {
		if got := toServiceID(id); got != want {
			t.Errorf("toServiceID(%q) = %q, want %q", id, got, want)
		}
	}
}

func FuzzServiceIDSurvivesPaths(f *testing.F) {
	f.Add("a/b", "a~2Fb")
	f.Add("..", "%2e%2e")
	f.Fuzz(func(t *testing.T, a, b string) {
		id := toServiceID(a)
		if a != b && id == toServiceID(b) {
			t.Fatalf("%q and %q are both %q", a, b, id)
		}
		if a == "" {
			return // Validate refuses it
		}
		const base = "/v1/agent/service/"
		u, err := url.Parse((&url.URL{Path: base + id}).String())
		if err != nil || path.Clean(u.Path) != base+id || u.RawQuery != "" {
			t.Fatalf("%q does not survive a path: %v %v", id, u, err)
		}
		if twice, err := url.PathUnescape(id); err != nil || twice != id {
			t.Fatalf("%q does not survive being unescaped twice: %q, %v", id, twice, err)
		}
	})
}

func TestStateOf(t *testing.T) {
	check := func(id, status, output string) *api.HealthCheck {
		return &api.HealthCheck{CheckID: id, Status: status, Output: output}
	}
	pass, warn := check("a", "passing", ""), check("b", "warning", "")
	fail, dead := check("c", "critical", "connection refused"), check("serfHealth", "critical", "Agent not live or unreachable")
	leaves := check("d", "critical", "draining")
	for _, tt := range []struct {
		name   string
		checks api.HealthChecks
		want   sd.State
	}{
		{"none", nil, sd.Up},
		{"passing", api.HealthChecks{pass, nil, pass}, sd.Up},
		{"passing says draining", api.HealthChecks{check("a", "passing", "draining")}, sd.Up},
		{"warning", api.HealthChecks{pass, warn, pass}, sd.Warning},
		{"critical", api.HealthChecks{fail, warn, pass}, sd.Critical},
		{"critical last", api.HealthChecks{warn, fail}, sd.Critical},
		{"agent dead", api.HealthChecks{pass, dead}, sd.Critical},
		{"leaving", api.HealthChecks{fail, leaves, pass}, sd.Draining},
		{"service in maintenance", api.HealthChecks{fail, check("_service_maintenance:a", "critical", "by hand")}, sd.Draining},
		{"node in maintenance", api.HealthChecks{pass, check("_node_maintenance", "critical", "")}, sd.Draining},
		{"status of a newer Consul", api.HealthChecks{check("a", "sleeping", "")}, sd.Critical},
	} {
		if got := stateOf(tt.checks); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
