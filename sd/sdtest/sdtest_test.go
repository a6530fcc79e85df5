package sdtest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryPasses(t *testing.T) {
	sdtest.Run(t, func(*testing.T) sdtest.Backend {
		m := new(sdtest.Memory)
		return sdtest.Backend{Holder: m.Holder, Watcher: m.Watcher, Poison: m.Poison, Lose: m.Lose, Outage: m.Outage, Heal: m.Heal}
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
				Lose:    registry.Lose, // makes the case "regain" run; other hooks, others
				Cannot:  map[string]string{"states": "the registry knows no Warning"},
			}
		})
	}
	// Output:
}

// A registry in which nobody registers himself is given whole sets.
func ExampleRun_reader() {
	_ = func(t *testing.T) {
		sdtest.Run(t, func(t *testing.T) sdtest.Backend {
			folder := t.TempDir() // the registry: a file per service
			return sdtest.Backend{
				Publish: func(service string, set []sd.Instance) error {
					text, err := json.Marshal(set)
					if err != nil {
						return err
					}
					return os.WriteFile(filepath.Join(folder, service), text, 0o600)
				},
				Watcher: func(string) sd.Watcher { return sd.Fixed(nil) }, // yours, on that file
				ByAddr:  false,                                            // true where there are no IDs
			}
		})
	}
	// Output:
}
