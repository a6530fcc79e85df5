package sdtest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryPasses(t *testing.T) {
	sdtest.Run(t, func(*testing.T) sdtest.Backend {
		m := new(sdtest.Memory)
		return sdtest.Backend{Holder: m.Holder, Watcher: m.Watcher, Lose: m.Lose, Outage: m.Outage, Heal: m.Heal}
	})
}

// A third party runs the suite against its own backend like this.
func ExampleRun() {
	_ = func(t *testing.T) { // in a file of its own: func TestConformance(t *testing.T) {
		sdtest.Run(t, func(*testing.T) sdtest.Backend {
			registry := new(sdtest.Memory) // yours
			return sdtest.Backend{
				Holder:  func(service string) sd.Holder { return registry.Holder(service) },
				Watcher: func(service string) sd.Watcher { return registry.Watcher(service) },
				Lose:    registry.Lose, // makes the case "regain" run
				Cannot:  map[string]string{"states": "the registry knows no Warning"},
			}
		})
	}
	// Output:
}
