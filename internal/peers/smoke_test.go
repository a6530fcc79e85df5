package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// The peers start goroutines of their own when they are imported, and some with
// their clients and servers, and never end them: those are not ours to find.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/cloudwego/netpoll.(*defaultPoll).Wait"),
		goleak.IgnoreAnyFunction("github.com/cloudwego/kitex/pkg/loadbalance/lbcache.(*BalancerFactory).watcher"),
		goleak.IgnoreAnyFunction("github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/grpc.preallocateForStream"),
		goleak.IgnoreAnyFunction("github.com/cloudwego/kitex/pkg/utils.(*SharedTicker).Tick"),
		goleak.IgnoreAnyFunction("github.com/zeromicro/go-zero/core/executors.(*PeriodicalExecutor).backgroundFlush.func1"))
}

// TestEveryRow runs a tiny round of everything, so that a row that no longer
// works is noticed before somebody measures.
func TestEveryRow(t *testing.T) {
	var out bytes.Buffer
	err := command([]string{"-quick", "-json", "-rounds=1", "-n=3,12", "-g=1,2", "-span=100us", "-stall=20ms", "-stalln=12", "-e2e=10ms"}, &out)
	if err != nil {
		t.Fatalf("a row failed: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var results []result
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &results); err != nil {
		t.Fatalf("the last line is no JSON array of results: %v", err)
	}
	got := make(map[string]int)
	for _, r := range results {
		got[r.Name]++
		wire := strings.Contains(r.Name, "/"+wireKind+"/")
		if r.NsOp <= 0 || r.FloorRatio <= 0 || r.N < 3 && !wire || r.Goroutines < 1 || r.AllocsOp < 0 {
			t.Errorf("%+v: want all of it measured", r)
		}
		if around := strings.Contains(r.Name, "/around"); around != (r.LeastNs > 0) || around != (r.BytesOp != nil) {
			t.Errorf("%+v: want what is said more of what surrounds a call there, and only there", r)
		}
		if wire != (r.E2E != nil) || wire && (r.E2E.Rate <= 0 || r.E2E.P50 <= 0 || r.E2E.P99 < r.E2E.P50 || r.AllocsOp < 20) {
			t.Errorf("%+v: want what is said of calls end to end there, and only there: %+v", r, r.E2E)
		}
		if !strings.Contains(out.String(), "\n"+r.Name) {
			t.Errorf("the tables lack %s", r.Name)
		}
	}
	for _, want := range wanted() {
		if got[want] == 0 {
			t.Errorf("%s was not measured", want)
		}
		delete(got, want)
	}
	for name := range got {
		t.Errorf("%s is not in the list of this test", name)
	}
}

// wanted lists the names, which are a contract with those who read the JSON.
func wanted() (names []string) {
	list := func(prefix string, policies ...string) {
		for _, p := range policies {
			names = append(names, prefix+p)
		}
	}
	list("floor/", "pick", "call", "update/add", "update/remove", "stall")
	for _, o := range balancers() {
		list("kitgen/pick/", o.policy)
		if o.calls {
			list("kitgen/call/", o.policy)
		}
		if o.changes && o.policy != "roundrobin" {
			list("kitgen/update/", "add."+o.policy, "remove."+o.policy)
		}
		if o.stalls {
			list("kitgen/stall/", o.policy)
		}
	}
	list("kitgen/update/", "add", "remove")
	list("gokit/pick/", "round_robin", "random")
	list("gokit/update/", "add", "remove")
	list("gokit/stall/", "round_robin")
	for _, p := range []string{"round_robin", "weighted_round_robin", "least_request", "ring_hash"} {
		list("grpc/pick/", p)
		list("grpc/update/", "add."+p, "remove."+p)
		if p != "round_robin" {
			list("grpc/call/", p)
		}
	}
	list("grpc/stall/", "round_robin")
	for _, p := range []string{"p2c", "wrr", "random"} {
		list("kratos/", "pick/"+p, "call/"+p, "update/add."+p, "update/remove."+p)
	}
	list("kratos/stall/", "p2c")
	list("gozero/", "pick/p2c", "call/p2c", "update/add.p2c", "update/remove.p2c")
	for _, p := range []string{"rr", "wrr", "random", "wrandom", "alias", "consist"} {
		list("kitex/", "pick/"+p, "update/add."+p, "update/remove."+p)
	}
	list("kitex/stall/", "alias")
	list("floor/", "around")
	list("kitgen/around/", "breaker", "retry", "timeout", "throttle", "bulkhead", "ratelimit", "limit", "shed", "fallback", "recovery", "coalesce", "cache",
		"observe.log", "observe.prom", "auth.apikey", "client", "client.policies", "client.all", "client.hedge")
	list("gokit/around/", "roundrobin", "retry", "gobreaker", "ratelimit", "metrics", "auth.basic", "client")
	list("gobreaker/around/", "v1", "v2")
	list("failsafe/around/", "retry", "breaker", "retry_breaker", "adaptivelimiter", "adaptivethrottler", "bulkhead", "timeout", "fallback", "cachepolicy")
	list("gozero/around/", "breaker", "shedder")
	list("aegis/around/", "sre", "bbr")
	list("kratos/around/", "recovery")
	list("golang/around/", "rate", "singleflight", "withtimeout")
	for _, o := range wireRows() {
		list("", o.name())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestGoKitRandomAlone: go-kit's Random is not safe for concurrent use, so it
// must not be measured so.
func TestGoKitRandomAlone(t *testing.T) {
	results, err := newRun(plan{sizes: []int{3}, goroutines: []int{1, 2}, rounds: 1, span: 1}, &bytes.Buffer{}).all()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Name == "gokit/pick/random" && r.Goroutines != 1 {
			t.Errorf("%s was run by %d goroutines", r.Name, r.Goroutines)
		}
	}
}

func TestCommandRefuses(t *testing.T) {
	for _, c := range []struct{ arg, says string }{
		{"-only=(", "-only"},
		{"-n=0", `"0" is no number from 1`},
		{"-n=3,,4", `"" is no number`},
		{"-g=two", "-g"},
		{"-profile=/nowhere/at/all", "create the profile"},
		{"-contention=/nowhere/at/all", "its folder is not there: make it"},
		{"extra", `"extra"`},
	} {
		err := command([]string{"-quick", "-only=nothing", "-span=1ms", c.arg}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error = %v; want one that says %s", c.arg, err, c.says)
		}
	}
}

func TestRowThatFails(t *testing.T) {
	r := newRun(plan{sizes: []int{3}, goroutines: []int{1}, rounds: 1, span: 1000}, &bytes.Buffer{})
	broken := &subject{system: "x", policy: "y", pick: func(int) error { panic("out of range") }}
	good, err := openFloor(3)
	if err != nil {
		t.Fatal(err)
	}
	what := loops{n: 3, rounds: 1, goroutines: []int{1}}
	r.loops(what.of("pick", func(s *subject) func(int) error { return s.pick }), append(good, broken))
	if len(r.errs) != 1 || !strings.Contains(r.errs[0].Error(), "x/pick/y, 3 instances: panic: out of range") {
		t.Errorf("errors = %v; want one that names the row", r.errs)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v; want %v", c.in, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		of     limits
		least  float64
		allocs int
		beside float64
		want   string
	}{
		{limits{}, 1e9, 99, 9, ""},
		{alone, 150, 1, 0, "met"},
		{alone, 151, 1, 0, "missed 150 ns"},
		{alone, 100, 2, 0, "missed 1 allocs"},
		{limits{ns: 600, allocs: 4}, 700, 5, 9, "missed 600 ns, 4 allocs"},
		{limits{ns: 150, allocs: 1, beside: 1.5}, 100, 1, 1.6, "missed x1.5"},
		{limits{ns: 150, allocs: 1, beside: 1.5}, 100, 1, 0, "met"}, // the other failed
	} {
		if got := c.of.judge(c.least, c.allocs, c.beside); got != c.want {
			t.Errorf("%+v for %v ns, %d allocations, x%v: %q; want %q", c.of, c.least, c.allocs, c.beside, got, c.want)
		}
	}
}

// TestBeside: a row that is asked for brings the one it is set against.
func TestBeside(t *testing.T) {
	var out bytes.Buffer
	if err := command([]string{"-only=kitgen/around/breaker", "-rounds=1", "-span=100us", "-json"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\ngobreaker/around/v2 ", `"beside":"gobreaker/around/v2","beside_ratio":`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "kitgen/around/retry") {
		t.Error("a row was measured that nobody asked for")
	}
}
