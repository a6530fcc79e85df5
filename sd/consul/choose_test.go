package consul

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// entryAt is an instance on a node, in a state.
func entryAt(node, id string, state sd.State) *api.ServiceEntry {
	h := healthOf(state)
	return &api.ServiceEntry{
		Node: &api.Node{Node: node}, Service: &api.AgentService{ID: id, Address: "10.0.0.1", Port: 80 + len(id)},
		Checks: api.HealthChecks{{Status: h.status, Output: h.output}},
	}
}

func chosen(cfg Config, seed uint64, entries ...*api.ServiceEntry) string {
	r := registry{cfg: cfg, seed: seed}
	return strings.Join(idsOf(r.choose(instances(entries))), " ")
}

func TestHealthyDropsCriticalOnes(t *testing.T) {
	all := []*api.ServiceEntry{entryAt("n", "up", sd.Up), entryAt("n", "warn", sd.Warning), entryAt("n", "ill", sd.Critical), entryAt("n", "leaves", sd.Draining)}
	if got := chosen(Config{Healthy: true}, 1, all...); got != "leaves up warn" {
		t.Errorf("chosen are %s", got)
	}
	if got := chosen(Config{}, 1, all...); got != "ill leaves up warn" {
		t.Errorf("chosen without it are %s", got)
	}
}

func TestLimitIsAppliedAfterNear(t *testing.T) {
	var all []*api.ServiceEntry
	for _, node := range []string{"near", "mid", "far"} {
		for i := range 3 {
			all = append(all, entryAt(node, fmt.Sprint(node, i), sd.Up))
		}
	}
	got := strings.Fields(chosen(Config{Limit: 4, Near: "_agent"}, 1, all...))
	near := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return !strings.HasPrefix(id, "near") })
	if len(got) != 4 || len(near) != 3 || !strings.Contains(strings.Join(got, " "), "mid") {
		t.Errorf("chosen are %v, want the three nearest and one of the next node", got)
	}
}

func TestLimitIsDeterministicPerClientAndSpread(t *testing.T) {
	var all []*api.ServiceEntry
	for i := range 20 {
		all = append(all, entryAt("n", fmt.Sprint("i", i), sd.Up))
	}
	picks := map[string]int{}
	for seed := range uint64(200) {
		cfg := Config{Limit: 3, Near: []string{"", "_agent"}[seed%2]}
		first := chosen(cfg, seed, all...)
		slices.Reverse(all)
		if second := chosen(cfg, seed, all...); second != first {
			t.Fatalf("the same client chose %s, then %s", first, second)
		}
		for id := range strings.FieldsSeq(first) {
			picks[id]++
		}
	}
	for _, e := range all {
		if n := picks[e.Service.ID]; n < 10 || n > 60 {
			t.Errorf("%s was chosen by %d of 200 clients, want about 30", e.Service.ID, n)
		}
	}
}

func TestLimitPrefersThoseThatTakeCalls(t *testing.T) {
	all := []*api.ServiceEntry{entryAt("n", "a", sd.Critical), entryAt("n", "b", sd.Draining), entryAt("n", "c", sd.Up), entryAt("n", "d", sd.Critical)}
	for seed := range uint64(20) {
		if got := chosen(Config{Limit: 1}, seed, all...); got != "b c" {
			t.Fatalf("chosen are %s, want the one that is up, and the one that leaves", got)
		}
		if got := strings.Fields(chosen(Config{Limit: 2}, seed, all...)); len(got) != 3 {
			t.Fatalf("chosen are %v, want two and the one that leaves", got)
		}
	}
}

// What is left out though it is there is no loss.
func TestLeftOutIsToldAsDrainingOnce(t *testing.T) {
	var s sink
	r := registry{cfg: Config{Healthy: true}}
	v := &view{update: s.update, choose: r.choose}
	show := func(entries ...*api.ServiceEntry) { v.show(instances(entries)) }
	show(entryAt("n", "a", sd.Up), entryAt("n", "bb", sd.Up))
	show(entryAt("n", "a", sd.Critical), entryAt("n", "bb", sd.Up))
	show(entryAt("n", "a", sd.Critical), entryAt("n", "bb", sd.Up))
	show(entryAt("n", "a", sd.Critical))
	show(entryAt("n", "a", sd.Up))
	var told []string
	for _, set := range s.all() {
		var line strings.Builder
		for _, in := range set {
			line.WriteString(in.ID + ":" + in.State.String() + " ")
		}
		told = append(told, line.String())
	}
	if diff := cmp.Diff([]string{"a:up bb:up ", "bb:up a:draining ", "bb:up ", "", "a:up "}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An agent that lost its identity leaves the old entry behind.
func TestOneInstanceAtTwoNodesIsOne(t *testing.T) {
	got := everybody(instances([]*api.ServiceEntry{entryAt("old", "a", sd.Critical), entryAt("new", "a", sd.Up)}))
	if len(got) != 1 || got[0].ID != "a" || got[0].State != sd.Up {
		t.Errorf("it is %v, want the one that is up", got)
	}
}
