package consul

import "testing"

func TestWatcherSaysWhatItWatches(t *testing.T) {
	for want, cfg := range map[string]Config{
		"consul svc":                             {},
		"consul svc ns=team partition=p dc=east": {Namespace: "team", Partition: "p", Datacenter: "east", Token: "secret"},
	} {
		if got := NewWatcher(nil, "svc", cfg).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
