package folder

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	sdtest.Run(t, func(t *testing.T) sdtest.Backend {
		registry := Registry(t.TempDir()) // yours
		return sdtest.Backend{
			Holder:  func(service string) sd.Holder { return registry.Holder(service) },
			Watcher: func(service string) sd.Watcher { return registry.Watcher(service) },
			Lose: func(service, id string) error {
				return os.Remove(filepath.Join(registry.folder(service), url.PathEscape(id)+".json"))
			},
			Poison: func(service string) error {
				return os.WriteFile(filepath.Join(registry.folder(service), "x.json"), []byte("{"), 0o644)
			},
			Cannot: map[string]string{
				"outage-held": "a folder is always there",
				"outage-kept": "a folder is always there",
			},
		}
	})
}
