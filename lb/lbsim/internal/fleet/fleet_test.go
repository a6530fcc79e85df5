package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const everything = `// Mine.
{
  "name": "checkout // not a comment",
  "title": "all of it",
  "servers": [
    {"count": 2, "workers": 8},
    {"speed": 0.5, "weight": 3}
  ],
  "clients": 7,
  "rate": 1500.5, // a second
  "service": {"shape": "lognormal", "mean": "8ms", "sigma": 1.2},
  "bursts": {"high": 1.6, "low": 0.8, "high_for": "100ms", "low_for": "300ms"},
  "delay": "1ms", "timeout": "500ms", "cancel": true,
  "warmup": "2s", "length": "20s", "seeds": 4,
  "disturbances": [
    {"kind": "slow", "servers": [3], "at": "1s", "for": "2s", "speed": 0.3},
    {"kind": "cold", "servers": [1, 2], "for": "5s", "speed": 0.15},
    {"kind": "fail", "servers": [1], "share": 0.5},
    {"kind": "outage", "servers": [1]},
    {"kind": "hang", "servers": [2], "at": "19s"},
    {"kind": "pause", "every": "10s", "last": ["150ms", "300ms"]},
    {"kind": "noise", "every": "8s", "last": ["300ms", "1500ms"], "depth": [0.25, 0.6]}
  ]
}`

func TestEverything(t *testing.T) {
	t.Parallel()
	got, err := decode("mine.json", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	ms := time.Millisecond
	want := &Fleet{Seeds: 4, Scenario: sim.Scenario{
		Name: "checkout // not a comment", Title: "all of it",
		Servers: []sim.Server{{Workers: 8}, {Workers: 8}, {Speed: .5, Weight: 3}},
		Clients: 7, Rate: 1500.5,
		Service: sim.Service{Shape: sim.Lognormal, Mean: 8 * ms, Sigma: 1.2},
		Bursts:  &sim.Bursts{High: 1.6, Low: .8, HighFor: 100 * ms, LowFor: 300 * ms},
		Delay:   ms, Timeout: 500 * ms, Cancel: true, Warmup: 2 * time.Second, Length: 20 * time.Second,
		Faults: []sim.Fault{
			{Kind: sim.Slow, Servers: []int{3}, At: 3 * time.Second, For: 2 * time.Second, Speed: .3},
			{Kind: sim.Cold, Servers: []int{1, 2}, At: 2 * time.Second, For: 5 * time.Second, Speed: .15},
			{Kind: sim.Fail, Servers: []int{1}, At: 2 * time.Second, Share: .5},
			{Kind: sim.Fail, Servers: []int{1}, At: 2 * time.Second},
			{Kind: sim.Hang, Servers: []int{2}, At: 21 * time.Second},
			{Kind: sim.Pauses, At: 2 * time.Second, Every: 10 * time.Second, Last: sim.Range{From: .15, To: .3}},
			{Kind: sim.Antagonists, At: 2 * time.Second, Every: 8 * time.Second, Last: sim.Range{From: .3, To: 1.5}, Depth: sim.Range{From: .25, To: .6}},
		},
		Watch: 3, Latency: true,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLittleIsEnough(t *testing.T) {
	t.Parallel()
	got, err := decode("mine.json", []byte(`{"servers": [{"count": 20}], "rate": 100}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Servers) != 20 || got.Seeds != seeds || got.Name != "mine.json" {
		t.Errorf("%d servers, %d seeds, name %q", len(got.Servers), got.Seeds, got.Name)
	}
	none, err := decode("mine.json", []byte(`{"servers": [{}], "rate": 1, "warmup": "0s"}`))
	if err != nil || none.Warmup >= 0 {
		t.Errorf("warmup %v, %v: want none", none.Warmup, err)
	}
}

// TestErrorsNameFileLineKeyAndMend, all of one file at once.
func TestErrorsNameFileLineKeyAndMend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{``, "f:1: ends too early: a brace, bracket or quote is open, or nothing is there"},
		{"{\n\"rate\": 1,", "f:2: ends too early: a brace, bracket or quote is open, or nothing is there"},
		{"{\n\"rate\" 1}", "f:2: not JSON: invalid character '1' after object key"},
		{"{\"rate\": 1,\n\n\"rate\": 2}", "f:3: rate: stands on line 1 already: remove one"},
		{"{\"rate\": 1, \"servers\": [{}]}\n{}", "f:2: something follows the closing brace: a file holds one fleet"},
		{"[]", "f:1: a list: a fleet is an object, in braces"},
		{"{}", "f:1: servers: is missing: write at least one group, such as {\"count\": 20}\nf:1: rate: is missing: write how many calls a second all clients make together"},
		{with(`"rates": 2`), "f:2: rates: nobody knows this key here: remove it, or write one of bursts, cancel, clients, delay, disturbances, length, name, rate, seeds, servers, service, timeout, title, warmup"},
		{with(`"clients": "7"`), `f:2: clients: "7": must be a whole number from 1 to 10000`},
		{with(`"clients": 1.5`), "f:2: clients: 1.5: must be a whole number from 1 to 10000"},
		{with(`"clients": 1e999`), "f:2: clients: 1e999: must be a whole number from 1 to 10000"},
		{with(`"timeout": 2`), `f:2: timeout: 2: must be a time with its unit, in quotes, such as "250us", "10ms" or "2s"`},
		{with(`"timeout": "-2s"`), `f:2: timeout: "-2s": must be from 1ms to 1h0m0s`},
		{with(`"timeout": "1ms", "delay": "1ms"`), "f:1: timeout: 1ms is over before a message is there and back, in twice 1ms: raise it, or lower the delay"},
		{with(`"cancel": "yes"`), `f:2: cancel: "yes": must be true or false, without quotes`},
		{with(`"title": null`), "f:2: title: null: must be text, in quotes"},
		{with(`"service": {"shape": "gauss"}`), `f:2: service.shape: "gauss": must be one of exponential, lognormal, bimodal, normal`},
		{with(`"service": {"sigma": 1}`), "f:2: service.sigma: nobody knows this key here: remove it, or write one of mean, shape"},
		{with(`"service": true`), "f:2: service: true: must be an object, in braces"},
		{with(`"bursts": {"high": 2, "low": 0.5, "high_for": "1s"}`), `f:2: bursts.low_for: is missing: bursts need all of it, such as {"high": 1.6, "low": 0.8, "high_for": "100ms", "low_for": "300ms"}`},
		{with(`"disturbances": {}`), "f:2: disturbances: an object: must be a list, in brackets"},
		{with(`"disturbances": [{"at": "1s"}]`), "f:2: disturbances[0].kind: is missing: write one of slow, cold, fail, outage, hang, pause, noise, restart"},
		{with(`"disturbances": [{"kind": "boom", "x": 1}]`), `f:2: disturbances[0].kind: "boom": must be one of slow, cold, fail, outage, hang, pause, noise, restart`},
		{with(`"disturbances": [{"kind": "slow"}]`), "f:2: disturbances[0].speed: is missing: write a number from 0.001 to 1000: 0.5 halves it"},
		{with(`"disturbances": [{"kind": "hang", "speed": 1}]`), "f:2: disturbances[0].speed: nobody knows this key here: remove it, or write one of at, for, kind, servers"},
		{with(`"disturbances": [{"kind": "hang", "servers": [2]}]`), "f:2: disturbances[0].servers[0]: 2: must be a whole number from 1 to 1"},
		{with(`"disturbances": [{"kind": "hang", "servers": [1, 1]}]`), "f:2: disturbances[0].servers[1]: 1: is listed already: remove one"},
		{with(`"disturbances": [{"kind": "hang", "at": "30s"}]`), `f:2: disturbances[0].at: "30s": the run ends at 30s: begin earlier, or raise the length`},
		{with(`"disturbances": [{"kind": "cold", "speed": 0.1}]`), `f:2: disturbances[0].for: is missing: write how long it takes to warm up, such as "10s"`},
		{with(`"disturbances": [{"kind": "pause"}]`), "f:2: disturbances[0].every: is missing: write how often it happens to a server on average, such as \"10s\"\nf:2: disturbances[0].last: is missing: write how long it lasts, from and to, such as [\"150ms\", \"300ms\"]"},
		{with(`"disturbances": [{"kind": "pause", "every": "1s", "last": ["2s", "1s"]}]`), `f:2: disturbances[0].last[1]: "1s": must not be less than last[0], 2s`},
		{with(`"disturbances": [{"kind": "pause", "every": "1s", "last": "2s"}]`), `f:2: disturbances[0].last: "2s": must be a list of two: from and to`},
		{with(`"disturbances": [{"kind": "noise", "every": "1s", "last": ["1s", "1s"], "depth": [0.5, 0.2]}]`), "f:2: disturbances[0].depth[1]: 0.2: must not be less than depth[0], 0.5"},
		{with(`"disturbances": [{"kind": "restart"}]`), `f:2: disturbances[0].down: is missing: write how long a server is away, such as "2s"`},
		{"{\"rate\": 1,\n\"servers\": [{\"count\": 600},\n{\"count\": 401}]}", "f:3: servers[1].count: makes 1001 servers: at most 1000"},
		{"{\"rate\": 1e6, \"servers\": [{\"count\": 1}]}", "f:1: rate: 35000000 calls a run are more than 20000000: lower the rate and the servers alike, or the length"},
	} {
		_, err := decode("f", []byte(c.text))
		if err == nil {
			t.Errorf("%s\nis taken", c.text)
			continue
		}
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%s\n%s", c.text, diff)
		}
	}
}

// with is a small fleet with more on its second line.
func with(more string) string { return "{\"rate\": 1, \"servers\": [{}],\n" + more + "}" }

func TestReadSaysWhatIsNotThere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "none.json")
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v, want the file's name", err)
	}
	if err := os.WriteFile(file, []byte(strings.Repeat(" ", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file of more than a megabyte: %v", err)
	}
}

// TestExamples are read, and so are true.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../../docs/sim/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		if _, err := Read(file); err != nil {
			t.Error(err)
		}
	}
}

// FuzzDecode: whatever is in a file, it is a fleet that can be played or an error
// that begins with its name.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(with(`"disturbances": [{"kind": "boom"}]`)))
	f.Add([]byte("{\"a\\\": // \n}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fleet, err := decode("f", text)
		switch {
		case err == nil:
			if err := fleet.Validate(); err != nil {
				t.Errorf("is taken, but cannot be played: %v", err)
			}
		case !strings.HasPrefix(err.Error(), "f:"):
			t.Errorf("%q does not begin with the file", err)
		}
	})
}
