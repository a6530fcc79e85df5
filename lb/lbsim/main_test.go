package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
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
	for _, want := range []string{"S4b", "S16", "R7", "central", "adaptive", "kratos/p2c", "maglev"} {
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
