package etcd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

func newCA(tb testing.TB) *servers.CA {
	tb.Helper()
	ca, err := servers.NewCA(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return ca
}

func issue(tb testing.TB, ca *servers.CA, name string, validFor time.Duration) servers.Pair {
	tb.Helper()
	pair, err := ca.Issue(name, validFor)
	if err != nil {
		tb.Fatal(err)
	}
	return pair
}

// replace puts what is in from where to was, in one step.
func replace(tb testing.TB, to, from string) {
	tb.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		tb.Fatal(err)
	}
	part := filepath.Join(filepath.Dir(to), "part")
	if err := os.WriteFile(part, b, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(part, to); err != nil {
		tb.Fatal(err)
	}
}

// standing is a registration and a watch by one Connection.
type standing struct {
	*fixture

	registrar *sd.Registrar
	instancer *sd.Instancer
}

func stand(t *testing.T, f *fixture, c Connection) *standing {
	t.Helper()
	cfg := Config{TTL: minTTL, Resync: 200 * time.Millisecond, Connection: c}
	s := &standing{fixture: f}
	s.registrar = sd.NewRegistrar(NewHolder(nil, "svc", cfg), instance("a"), sd.RegistrarConfig{MaxBackoff: 500 * time.Millisecond})
	s.registrar.Register()
	t.Cleanup(s.registrar.Deregister)
	s.instancer = sd.NewInstancer(NewWatcher(nil, "svc", cfg), sd.InstancerConfig{MaxBackoff: 500 * time.Millisecond})
	t.Cleanup(s.instancer.Stop)
	known(t, s.instancer, "a")
	s.well()
	return s
}

// well waits until both halves are, and returns how long that took.
func (s *standing) well() time.Duration {
	s.Helper()
	return eventually(s, "registration and watch are well", func() bool {
		state, _ := s.registrar.State()
		snap, _ := s.instancer.Snapshot()
		return state == sd.Registered && snap.Err == nil && snap.Held == 0
	})
}

// ill waits until both say that something is wrong, while nobody is dropped.
func (s *standing) ill() {
	s.Helper()
	eventually(s, "both tell an error", func() bool {
		_, err := s.registrar.State()
		snap, _ := s.instancer.Snapshot()
		if len(snap.Instances) == 0 {
			s.Fatalf("the set has %d instances", len(snap.Instances))
		}
		if err == nil || snap.Err == nil {
			return false
		}
		s.Logf("registrar: %v; instancer: %v", err, snap.Err)
		return true
	})
}

// fresh waits until the watch tells of a newcomer.
func (s *standing) fresh(id string) {
	s.Helper()
	s.put(s.key(id), "10.0.0.9:80")
	known(s, s.instancer, "a", id)
}

func secureFixture(t *testing.T, ca *servers.CA, cert servers.Pair, verify bool) *fixture {
	t.Helper()
	f := &fixture{T: t}
	f.etcd = servers.Etcd(t, servers.Options{TLS: &servers.TLS{CA: ca, Cert: cert, VerifyClients: verify}})
	own := issue(t, ca, "admin", time.Hour)
	return f.dial(Connection{Endpoints: []string{f.etcd.Endpoint()}, CA: ca.File, Cert: own.Cert, Key: own.Key})
}

func (f *fixture) dial(c Connection) *fixture {
	f.Helper()
	client, err := c.Dial(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = client.Close() })
	f.client, f.holder = client, NewHolder(client, "svc", Config{TTL: minTTL})
	return f
}

// Certificates that expire under a registration and a watch that run, and are
// replaced on disk, lose nothing.
func TestExpiredCertificatesAreReplacedOnDisk(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	server, client := issue(t, ca, "server", 3*time.Second), issue(t, ca, "client", 3*time.Second)
	over := time.Now().Add(3 * time.Second)
	f := secureFixture(t, ca, server, true)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	s := stand(t, f, Connection{Endpoints: []string{p.Addr()}, CA: ca.File, Cert: client.Cert, Key: client.Key})
	lease := f.lease("a")
	time.Sleep(time.Until(over) + time.Millisecond)
	if _, err := (Connection{Endpoints: []string{f.etcd.Endpoint()}, CA: ca.File, Cert: client.Cert, Key: client.Key, User: "u", Password: "p"}).Dial(t.Context()); err == nil {
		t.Error("an expired certificate connects")
	}
	issue(t, ca, "client", time.Hour)
	issue(t, ca, "server", time.Hour)
	p.Reset()
	reset := time.Now()
	s.fresh("b")
	eventually(t, "the old renewals would have lapsed", func() bool { return time.Since(reset) > minTTL+time.Second })
	s.well()
	if f.lease("a") != lease {
		t.Error("the lease was lost")
	}
}

// Another CA takes over: the servers' certificates, and what clients trust.
func TestNewCAIsReadFromDisk(t *testing.T) {
	t.Parallel()
	ca, next := newCA(t), newCA(t)
	server := issue(t, ca, "server", time.Hour)
	f := secureFixture(t, ca, server, false)
	trusted := file(t, "trusted.pem", "")
	replace(t, trusted, ca.File)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	s := stand(t, f, Connection{Endpoints: []string{p.Addr()}, CA: trusted})
	lease := f.lease("a")
	taken := issue(t, next, "server", time.Hour)
	f.etcd.Stop() // between two files of a pair nobody must connect
	replace(t, server.Key, taken.Key)
	replace(t, server.Cert, taken.Cert)
	f.etcd.Start()
	replace(t, trusted, next.File)
	t.Logf("restarted under another CA → well: %v", s.well())
	f.dial(Connection{Endpoints: []string{f.etcd.Endpoint()}, CA: next.File})
	s.fresh("b")
	if f.lease("a") != lease {
		t.Error("the lease was lost")
	}
}

func TestServerMustBeWhoItSaysItIs(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	f := secureFixture(t, ca, issue(t, ca, "server", time.Hour), false)
	here := []string{f.etcd.Endpoint()}
	for what, tt := range map[string]struct {
		c    Connection
		says string
	}{
		"another CA":          {Connection{Endpoints: here, CA: newCA(t).File}, "unknown authority"},
		"the system's CAs":    {Connection{Endpoints: here, TLS: true}, "unknown authority"},
		"another server name": {Connection{Endpoints: here, CA: ca.File, ServerName: "etcd.example"}, "etcd.example"},
		"no TLS at all":       {Connection{Endpoints: here}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			err := NewWatcher(nil, "svc", Config{Connection: tt.c}).Watch(t.Context(), func([]sd.Instance) { t.Error("it watches") })
			t.Logf("Watch: %v", err)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Watch = %v, want an error that says %q", err, tt.says)
			}
			err = NewHolder(nil, "svc", Config{TTL: minTTL, Connection: tt.c}).Hold(t.Context(), instance("a"), func() { t.Error("it is held") })
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Hold = %v, want an error that says %q", err, tt.says)
			}
		})
	}
	t.Run("its name", func(t *testing.T) {
		t.Parallel()
		w := NewWatcher(nil, "svc", Config{Connection: Connection{Endpoints: here, CA: ca.File, ServerName: "localhost"}})
		seen, _ := watch(t, w)
		want(t, seen)
	})
}
