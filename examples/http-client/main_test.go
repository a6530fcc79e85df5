package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	kitsd "github.com/go-kit/kit/sd"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestClient: of two instances one is broken, and nobody notices.
func TestClient(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer broken.Close()
	sound := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.URL.Path) }))
	defer sound.Close()
	s, err := newService(kitsd.FixedInstancer{broken.Listener.Addr().String(), sound.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := 0; asked.Load() == 0 || i < 20; i++ {
		var out strings.Builder
		if err := get(t.Context(), s.client, "http://users/7", &out); err != nil || out.String() != "users/7" {
			t.Fatalf("%q, %v", out.String(), err)
		}
	}
}

func TestFailuresAreResponses(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
	}))
	defer broken.Close()
	s, err := newService(kitsd.FixedInstancer{broken.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := get(t.Context(), s.client, "http://users/7", &out); err == nil || !strings.Contains(err.Error(), "503 Service Unavailable") || out.String() != "out of order\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// TestCommand is the README's, with a real registry.
func TestCommand(t *testing.T) {
	t.Parallel()
	sound := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
	defer sound.Close()
	target := "etcd://" + servers.Etcd(t, servers.Options{}).Endpoint() + "/users"
	holder, err := sd.OpenHolder(target, etcd.Scheme(etcd.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	r := sd.NewRegistrar(holder, sd.Instance{ID: "one", Addr: sound.Listener.Addr().String()}, sd.RegistrarConfig{})
	r.Register()
	defer r.Deregister()
	var out strings.Builder
	if err := run(t.Context(), []string{"-registry", target, "-wait", "1m", "-url", "http://users/users/7"}, &out); err != nil || out.String() != "/users/7" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"want a registry and a URL": {"-url", "http://users/"},
		"not defined":               {"-uri", "http://users/"},
		"invalid target":            {"-registry", "users", "-url", "http://users/"},
	} {
		if err := run(t.Context(), args, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v; want %q", args, err, want)
		}
	}
	var empty sdtest.Memory
	instances := sd.NewInstancer(empty.Watcher("users"), sd.InstancerConfig{})
	defer instances.Stop()
	s, err := newService(instances)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := get(t.Context(), s.client, "http://users/7", new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "no endpoints") {
		t.Errorf("nobody is there: %v", err)
	}
}
