package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEndsWithJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	// Peers and bounds need no coroutines, which the race detector makes slow.
	if err := run([]string{"-json", "-seeds", "1", "-scenarios", "S1", "-balancers", "oracle,kratos/p2c"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var d report.Document
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &d); err != nil {
		t.Fatal(err)
	}
	for _, b := range []string{"central", "oracle", "kratos/p2c"} {
		if e := d.Balancers[b].Scenarios["S1"]; e.P99MS == 0 || e.P99Ratio < .9 || e.P99Ratio > 1.5 {
			t.Errorf("%s in S1: %+v", b, e)
		}
	}
	if len(lines) < 5 {
		t.Errorf("there is no table:\n%s", out.String())
	}
}

func TestListNamesAll(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run([]string{"-list"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"S4b", "S16", "R7", "H3b", "central", "round_robin+hedge", "adaptive", "kratos/p2c", "maglev"} {
		if !strings.Contains(out.String(), "  "+want) {
			t.Errorf("the list lacks %s", want)
		}
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`no scenario "S99": use some of S1,`:        {"-scenarios", "S1,S99"},
		`no balancer "best": use some of central,`:  {"-balancers", "best"},
		"scenario H1 is not played with random":     {"-scenarios", "S1,H1", "-balancers", "random"},
		"scenario S1 is not played with adaptive+h": {"-scenarios", "S1,H1", "-balancers", "adaptive+hedge"},
		"-seeds is 0: make it one or more":          {"-seeds", "0"},
		"-parallel is 0: make it one or more":       {"-parallel", "0"},
		`do not know what to do with ["S1"]`:        {"S1"},
		"flag provided but not defined: -scenarioz": {"-scenarioz", "S1"},
	} {
		if err := run(args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v; want one with %s", args, err, want)
		}
	}
}

// TestPlaysWhatWasNamed: a way to make a second attempt is played where it belongs.
func TestPlaysWhatWasNamed(t *testing.T) {
	t.Parallel()
	for args, want := range map[[2]string][2]int{
		{"", ""}:                         {27, 6},
		{"", "adaptive"}:                 {27, 6},
		{"", "random"}:                   {27, 0},
		{"", "maglev"}:                   {27, 0},
		{"", "adaptive+hedge"}:           {0, 6},
		{"S1,H1", "random,adaptive"}:     {1, 1},
		{"S1", ""}:                       {1, 0},
		{"H1,H2", "adaptive+kitex/50ms"}: {0, 2},
	} {
		balancing, hedging, err := plays(options{scenarios: args[0], balancers: args[1]})
		if got := [...]int{len(balancing.scenarios), len(hedging.scenarios)}; err != nil || got != want {
			t.Errorf("%q: %v scenarios, %v; want %v", args, got, err, want)
		}
		if len(hedging.jobs(2)) != 2*len(hedging.scenarios)*len(hedging.policies) {
			t.Errorf("%q: %d jobs", args, len(hedging.jobs(2)))
		}
	}
}

func TestHedgingHasItsTable(t *testing.T) {
	t.Parallel()
	s := report.Sum(nil, nil, nil)
	s.Hedging = report.Sum([]sim.Scenario{{Name: "H1", Title: "some are slow"}}, []string{"adaptive", "adaptive+hedge"}, []sim.Result{
		{Scenario: "H1", Policy: "adaptive", P999: 2 * time.Second},
		{Scenario: "H1", Policy: "adaptive+hedge", P999: time.Second, Extra: .02, Won: .5},
	})
	var out bytes.Buffer
	if err := show(options{json: true}, s, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"H1: some are slow\n", "2000.0 ms     0.00%     0.00%         -\n", "1000.0 ms     0.00%     2.00%       50%\n",
		`"hedging":{"H1":{"adaptive":{`, `"p999_ms":1000,"error_share":0,"extra_share":0.02,"won_share":0.5}`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, &out)
		}
	}
}
