package servers

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestZooKeeperLife(t *testing.T) {
	t.Parallel()
	s := ZooKeeper(t, Options{})
	addr := s.Endpoint()
	ruok := func(after string) {
		t.Helper()
		if answer, err := word(t.Context(), addr, "ruok"); err != nil || answer != "imok" {
			t.Fatalf("after %s: %q, %v; want imok", after, answer, err)
		}
	}
	ruok("start")
	s.Kill()
	wantRefused(t, addr)
	s.Start()
	ruok("Kill and Start")
	s.Freeze()
	s.Thaw()
	ruok("Freeze and Thaw")
	s.Stop()
	wantRefused(t, addr)
	s.Wipe()
	s.Start()
	ruok("Wipe and Start")
}

func TestZooKeeperIsMissed(t *testing.T) {
	t.Parallel()
	_, err := start(t.Context(), zookeeperKind(filepath.Join(t.TempDir(), "none.jar")), Options{})
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "scripts/debian.sh") {
		t.Errorf("start = %v; want ErrNotInstalled, and how to mend it", err)
	}
}

func TestZooKeeperHasNoTLS(t *testing.T) {
	t.Parallel()
	if _, err := StartZooKeeper(t.Context(), Options{TLS: &TLS{}}); err == nil {
		t.Error("started as if it had TLS")
	}
}
