package demo

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScriptHitsThreeDifferentReplicas(t *testing.T) {
	for seed := range uint64(200) {
		c := config{replicas: 4, rps: 100, duration: minDuration, seed: seed}
		steps := script(c)
		if !slices.IsSortedFunc(steps, func(a, b step) int { return int(a.at - b.at) }) {
			t.Fatalf("seed %d: steps are not in order of time: %v", seed, steps)
		}
		victims := map[int]kind{}
		for _, s := range steps {
			if s.kind != kill && s.kind != freeze && s.kind != stop {
				continue
			}
			if other, ok := victims[s.replica]; ok {
				t.Fatalf("seed %d: replica %d is hit by %s and %s", seed, s.replica, other, s.kind)
			}
			victims[s.replica] = s.kind
		}
	}
}

func TestScriptFreezesForFiveSecondsInTheDefaultRun(t *testing.T) {
	var from, to time.Duration
	for _, s := range script(config{replicas: 5, duration: 20 * time.Second}) {
		switch s.kind {
		case freeze:
			from = s.at
		case thaw:
			to = s.at
		}
	}
	if to-from != freezeFor {
		t.Errorf("frozen for %s, want %s", to-from, freezeFor)
	}
}

func TestConfigErrorsNameTheFlagAndTheMend(t *testing.T) {
	good := config{replicas: 5, rps: 500, duration: 20 * time.Second}
	if err := good.check(); err != nil {
		t.Fatalf("the defaults are refused: %v", err)
	}
	for flag, change := range map[string]func(*config){
		"--replicas": func(c *config) { c.replicas = 3 },
		"--rps":      func(c *config) { c.rps = 0 },
		"--duration": func(c *config) { c.duration = time.Second },
	} {
		c := good
		change(&c)
		err := c.check()
		if err == nil || !strings.HasPrefix(err.Error(), flag) || !strings.Contains(err.Error(), "pass") {
			t.Errorf("%s: error %v should begin with the flag and say what to pass", flag, err)
		}
	}
}
