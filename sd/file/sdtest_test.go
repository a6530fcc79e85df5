package file

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestConformance(t *testing.T) {
	sdtest.Run(t, func(t *testing.T) sdtest.Backend {
		folder := filepath.Join(t.TempDir(), "services")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		path := func(service string) string { return filepath.Join(folder, service+".json") }
		move := func(from, to string) {
			if err := os.Rename(from, to); err != nil {
				t.Error(err)
			}
		}
		return sdtest.Backend{
			Publish: func(service string, set []sd.Instance) error { return Write(path(service), set) },
			Watcher: func(service string) sd.Watcher { return NewWatcher(path(service), Config{Poll: minPoll}) },
			Outage:  func() { move(folder, folder+".away") },
			Heal:    func() { move(folder+".away", folder) },
			Poison: func(service string) error {
				text, err := os.ReadFile(path(service))
				if err != nil {
					return err
				}
				return os.WriteFile(path(service), bytes.Replace(text, []byte("["), []byte(`[{"id":"poison","adr":"a:1"},`), 1), 0o600)
			},
		}
	})
}
