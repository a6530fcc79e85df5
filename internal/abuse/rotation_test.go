package abuse

import (
	"bytes"
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/transport/kittls"
)

// folder is where a process finds its files, however they are called elsewhere.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// put writes a file of several ones, in one step.
func (f folder) put(t *testing.T, name string, from ...string) {
	t.Helper()
	var all []byte
	for _, path := range from {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.WriteFile(f.path(name+".part"), all, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.path(name+".part"), f.path(name)); err != nil {
		t.Fatal(err)
	}
}

func (f folder) pair(t *testing.T, pair servers.Pair) {
	t.Helper()
	f.put(t, "tls.key", pair.Key)
	f.put(t, "tls.crt", pair.Cert)
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(hung); !so(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not so after %v: %s", hung, what)
		}
	}
	t.Log(what)
}

// TestRotation replaces the CA, and with it every certificate, while clients
// that keep their connections and clients that make a new one for each call go
// on.
func TestRotation(t *testing.T) {
	t.Parallel()
	before, after := newTrust(t), newTrust(t)
	at, here := folder(t.TempDir()), folder(t.TempDir())
	at.put(t, "ca.crt", before.File)
	here.put(t, "ca.crt", before.File)
	at.pair(t, before.issue(t, "addsvc", time.Hour))
	old := before.issue(t, "caller", time.Hour)
	here.pair(t, old)
	s := start(t, before, "addsvc", options{Cert: at.path("tls.crt"), Key: at.path("tls.key"), CA: at.path("ca.crt")})
	calling(t, s) // by certificates of the old CA to the end, over one connection for each wire
	certs, err := kittls.Client(kittls.ClientConfig{CA: here.path("ca.crt"), Cert: here.path("tls.crt"), Key: here.path("tls.key"), Servers: []string{"dns:addsvc"}})
	if err != nil {
		t.Fatal(err)
	}
	stop := anew(t, s, certs)
	defer stop()

	at.put(t, "ca.crt", before.File, after.File)
	here.put(t, "ca.crt", before.File, after.File)
	fresh := after.issue(t, "caller", time.Hour)
	eventually(t, "both CAs are known to the server", func() bool { return shown(s.http, raw(t, &fresh)) != nil })
	eventually(t, "and to the client", func() bool { return certs.Stats().Loads == 3 })

	was := shown(s.http, certs.TLS())
	at.pair(t, after.issue(t, "addsvc", time.Hour))
	eventually(t, "the server has a certificate of the new CA", func() bool { return !bytes.Equal(shown(s.http, certs.TLS()), was) })
	here.pair(t, fresh)
	eventually(t, "the client has one", func() bool { return certs.Stats().Loads == 4 })

	at.put(t, "ca.crt", after.File)
	here.put(t, "ca.crt", after.File)
	eventually(t, "the old CA is known no more", func() bool { return shown(s.http, raw(t, &old)) == nil })

	at.put(t, "tls.crt", at.path("tls.key")) // somebody makes a mistake
	eventually(t, "a broken certificate is told of", func() bool { return strings.Contains(s.log.String(), "make no sense") })
	was = shown(s.http, certs.TLS())
	at.pair(t, after.issue(t, "addsvc", time.Hour))
	eventually(t, "and mended", func() bool { return !bytes.Equal(shown(s.http, certs.TLS()), was) })
	documented(t, "certificates and CA replaced under load", "no error", "no error")
}

// shown is the certificate of a server that lets a client in; nil if it does
// not.
func shown(addr string, cfg *tls.Config) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	cfg.NextProtos = []string{"http/1.1"}
	d := tls.Dialer{Config: cfg}
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil
	}
	c := raw.(*tls.Conn)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(hung))
	if _, err := c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
		return nil
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return nil
	}
	return c.ConnectionState().PeerCertificates[0].Raw
}

// anew has calls be made, each over a connection of its own, until stop.
func anew(t *testing.T, s *service, certs *kittls.Certs) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var callers sync.WaitGroup
	var calls atomic.Int64
	for _, wire := range []struct {
		name, addr string
		factory    kitsd.Factory
	}{{"HTTP", s.http, overHTTP(certs)}, {"gRPC", s.grpc, overGRPC(certs)}} {
		callers.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for ; ctx.Err() == nil; <-tick.C {
				call, closer, err := wire.factory(wire.addr)
				if err == nil {
					err = one(call)
					closer.Close()
				}
				if err != nil {
					t.Errorf("a new connection over %s: %v", wire.name, err)
				}
				calls.Add(1)
			}
		})
	}
	return func() {
		cancel()
		callers.Wait()
		t.Logf("%d calls, each over a new connection", calls.Load())
	}
}
