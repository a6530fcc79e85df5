package sd_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

// TestFixedConformance: a list is a registry to which nothing happens.
func TestFixedConformance(t *testing.T) {
	sdtest.Run(t, func(*testing.T) sdtest.Backend {
		var mu sync.Mutex
		lists := map[string]sd.Fixed{}
		cannot := map[string]string{}
		for _, name := range []string{"seen-by-earlier", "full-sets", "many", "same-id", "leave", "leave-alone", "services", "ids", "watch-again", "late-update"} {
			cannot[name] = "the list never changes under a watch"
		}
		return sdtest.Backend{
			Publish: func(service string, set []sd.Instance) error {
				mu.Lock()
				defer mu.Unlock()
				lists[service] = slices.Clone(set)
				return nil
			},
			Watcher: func(service string) sd.Watcher {
				mu.Lock()
				defer mu.Unlock()
				return lists[service]
			},
			Cannot: cannot,
		}
	})
}
