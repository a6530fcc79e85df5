package kittls_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/transport/kittls"
)

// serial is the certificate that a server shows, or why it shows none.
func serial(client, server *kittls.Certs) string {
	state, err, serverErr := shake(client.TLS(), server.TLS())
	if err := errors.Join(err, serverErr); err != nil {
		return err.Error()
	}
	return state.PeerCertificates[0].SerialNumber.String()
}

func TestANewCertificateIsUsedASecondLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, told := newAuthority(t), new(lines)
		at := newFiles(t, ca, hosts("addsvc"))
		server := at.server(t, told)
		client := newFiles(t, ca, hosts("web")).client(t, nil, "dns:addsvc")
		first := serial(client, server)
		at.renew(t, ca, hosts("addsvc"))
		if got := serial(client, server); got != first {
			t.Errorf("files were looked at twice in a second: %s after %s", got, first)
		}
		time.Sleep(time.Second)
		second := serial(client, server)
		if second == first || strings.Contains(second, " ") {
			t.Errorf("after a second: %s, before: %s", second, first)
		}
		if got := told.take(); len(got) != 1 || !strings.Contains(got[0], "read anew") || !strings.Contains(got[0], at.cert) {
			t.Errorf("log: %q", got)
		}
		time.Sleep(time.Minute)
		serial(client, server)
		if got := told.take(); len(got) != 0 {
			t.Errorf("nothing changed, and the log says %q", got)
		}
		if s := server.Stats(); s.Loads != 3 || s.Err != nil || s.Names[0] != "dns:addsvc" || s.NotAfter.Before(time.Now()) {
			t.Errorf("%+v", s)
		}
	})
}

func TestClientsShowTheirNewCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t)
		at := newFiles(t, ca, hosts("web"))
		server, client := newFiles(t, ca, hosts("addsvc")).server(t, nil, "dns:shop"), at.client(t, nil, "dns:addsvc")
		if got := serial(client, server); !strings.Contains(got, "may not call") {
			t.Error(got)
		}
		at.renew(t, ca, hosts("shop"))
		time.Sleep(time.Second)
		if got := serial(client, server); strings.Contains(got, " ") {
			t.Error(got)
		}
	})
}

// TestWhatMakesNoSenseIsNotTaken: every way to be in the middle of a rotation.
func TestWhatMakesNoSenseIsNotTaken(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, at files, ca *authority)
		want  string
	}{
		"certificate before its key": {func(t *testing.T, at files, ca *authority) {
			cert, _ := ca.issue(t, hosts("addsvc"))
			put(t, at.dir, "tls.crt", cert)
		}, "tls.key is not the key of the first certificate in "},
		"half a certificate": {func(t *testing.T, at files, ca *authority) {
			cert, _ := ca.issue(t, nil)
			put(t, at.dir, "tls.crt", cert[:len(cert)/2])
		}, "only half of it"},
		"half a key": {func(t *testing.T, at files, ca *authority) {
			_, key := ca.issue(t, nil)
			put(t, at.dir, "tls.key", key[:len(key)/2])
		}, "only half of it"},
		"emptied": {func(t *testing.T, at files, _ *authority) { put(t, at.dir, "tls.key") }, "it is empty"},
		"removed": {func(t *testing.T, at files, _ *authority) { os.Remove(at.cert) }, "there is no such file"},
		"expired": {func(t *testing.T, at files, ca *authority) {
			at.renew(t, ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
		}, "expired at "},
		"CA cut short": {func(t *testing.T, at files, ca *authority) {
			put(t, at.dir, "ca.crt", ca.pem, ca.pem[:100])
		}, "ca.crt has a PEM block that is broken"},
		"CA cut short before another": {func(t *testing.T, at files, ca *authority) {
			put(t, at.dir, "ca.crt", ca.pem[:100], []byte("\n"), newAuthority(t).pem)
		}, "ca.crt has a PEM block that is broken"},
		"CA that is none": {func(t *testing.T, at files, ca *authority) {
			leaf, _ := ca.issue(t, func(c *x509.Certificate) { c.BasicConstraintsValid = true })
			put(t, at.dir, "ca.crt", leaf)
		}, "is no CA's"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca, told := newAuthority(t), new(lines)
				at := newFiles(t, ca, hosts("addsvc"))
				server := at.server(t, told)
				client := newFiles(t, ca, hosts("web")).client(t, nil, "dns:addsvc")
				first := serial(client, server)
				tt.spoil(t, at, ca)
				for range 5 {
					time.Sleep(time.Second)
					if got := serial(client, server); got != first {
						t.Fatalf("what was read before did not stay: %s", got)
					}
				}
				got := told.take()
				if len(got) != 1 || !strings.Contains(got[0], tt.want) || !strings.Contains(got[0], "stays in force") {
					t.Errorf("log: %q", got)
				}
				if err := server.Stats().Err; err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Stats.Err: %v", err)
				}
				at.renew(t, ca, hosts("addsvc"))
				put(t, at.dir, "ca.crt", ca.pem)
				time.Sleep(time.Second)
				if got := serial(client, server); got == first || strings.Contains(got, " ") {
					t.Errorf("mended: %s", got)
				}
				if err := server.Stats().Err; err != nil {
					t.Errorf("mended: %v", err)
				}
			})
		})
	}
}

// TestTheSameFilesMendedInPlace: what was there before comes back.
func TestTheSameFilesComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t)
		at := newFiles(t, ca, hosts("addsvc"))
		server, client := at.server(t, nil), newFiles(t, ca, hosts("web")).client(t, nil, "dns:addsvc")
		before, err := os.ReadFile(at.key)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			put(t, at.dir, "tls.key")
			time.Sleep(time.Second)
			serial(client, server)
			if server.Stats().Err == nil {
				t.Error("an empty key is no error")
			}
			put(t, at.dir, "tls.key", before)
			time.Sleep(time.Second)
			serial(client, server)
			if err := server.Stats().Err; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestACertificateOfTomorrow is taken when its time comes, though nobody
// touches the files.
func TestACertificateOfTomorrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, told := newAuthority(t), new(lines)
		at := newFiles(t, ca, hosts("addsvc"))
		server, client := at.server(t, told), newFiles(t, ca, hosts("web")).client(t, nil, "dns:addsvc")
		first := serial(client, server)
		at.renew(t, ca, all(hosts("addsvc"), func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }))
		for range 10 {
			time.Sleep(time.Minute)
			if got := serial(client, server); got != first {
				t.Fatal(got)
			}
		}
		if got := told.take(); len(got) != 1 || !strings.Contains(got[0], "is valid only from") {
			t.Errorf("log: %q", got)
		}
		time.Sleep(20 * time.Minute)
		if got := serial(client, server); got == first || strings.Contains(got, " ") {
			t.Error(got)
		}
	})
}

func TestACertificateThatNobodyRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t)
		server := newFiles(t, ca, hosts("addsvc")).server(t, nil)
		client := newFiles(t, ca, all(hosts("web"), func(c *x509.Certificate) { c.NotAfter = time.Now().Add(3 * time.Hour) })).client(t, nil, "dns:addsvc")
		time.Sleep(2 * time.Hour)
		if got := serial(client, server); !strings.Contains(got, "has expired") {
			t.Error(got)
		}
		if err := server.Stats().Err; err == nil || !strings.Contains(err.Error(), "no other one came") {
			t.Error(err)
		}
	})
}

// TestACAIsReplaced in the order that the package gives, and nobody is refused.
func TestACAIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newAuthority(t), newAuthority(t)
		s, c := newFiles(t, before, hosts("addsvc")), newFiles(t, before, hosts("web"))
		server, client := s.server(t, nil), c.client(t, nil, "dns:addsvc")
		old := newFiles(t, before, hosts("web")).client(t, nil, "dns:addsvc")
		steps := []func(f files, name string){
			func(f files, _ string) { put(t, f.dir, "ca.crt", before.pem, after.pem) },
			func(f files, name string) { f.renew(t, after, hosts(name)) },
			func(f files, _ string) { put(t, f.dir, "ca.crt", after.pem) },
		}
		for i, step := range steps {
			step(s, "addsvc")
			if got := serial(client, server); strings.Contains(got, " ") {
				t.Errorf("step %d, server: %s", i+1, got)
			}
			time.Sleep(time.Second)
			step(c, "web")
			if got := serial(client, server); strings.Contains(got, " ") {
				t.Errorf("step %d, client: %s", i+1, got)
			}
			time.Sleep(time.Second)
			if got := serial(client, server); strings.Contains(got, " ") {
				t.Errorf("step %d, a second later: %s", i+1, got)
			}
		}
		if got := serial(old, server); !strings.Contains(got, "unknown authority") {
			t.Errorf("by the CA that is gone: %s", got)
		}
	})
}

// TestANewCAIsLookedForAtOnce: the server was faster.
func TestANewCAIsLookedForAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newAuthority(t), newAuthority(t)
		c := newFiles(t, before, hosts("web"))
		client := c.client(t, nil, "dns:addsvc")
		s := newFiles(t, after, hosts("addsvc"))
		put(t, s.dir, "ca.crt", before.pem)
		server := s.server(t, nil)
		put(t, c.dir, "ca.crt", before.pem, after.pem)
		if got := serial(client, server); strings.Contains(got, " ") {
			t.Error(got)
		}
	})
}

// TestANewCAIsFoundByAllWhoLookForIt at once, though only one of them reads the
// news.
func TestANewCAIsFoundByAllWhoLookForIt(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			before, after := newAuthority(t), newAuthority(t)
			c := newFiles(t, before, hosts("web"))
			client := c.client(t, nil, "dns:addsvc").TLS()
			put(t, c.dir, "ca.crt", before.pem, after.pem)
			raw, _ := after.issue(t, hosts("addsvc"))
			block, _ := pem.Decode(raw)
			server, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					if err := client.VerifyConnection(tls.ConnectionState{PeerCertificates: []*x509.Certificate{server}}); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		})
	}
}

// TestSessionsDoNotOutliveTheirCA has clients that keep session tickets come
// again after the CA of one side is gone.
func TestSessionsDoNotOutliveTheirCA(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, side := range []string{"server", "client"} {
			t.Run(fmt.Sprintf("%s %s", tls.VersionName(version), side), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ca, other := newAuthority(t), newAuthority(t)
					s, c := newFiles(t, ca, hosts("addsvc")), newFiles(t, ca, hosts("web"))
					server, client := s.server(t, nil, "dns:web").TLS(), c.client(t, nil, "dns:addsvc").TLS()
					client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
					client.ServerName = "127.0.0.1"
					client.MaxVersion = version
					shake(client, server)
					if state, err, _ := shake(client, server); err != nil || !state.DidResume {
						t.Fatalf("resumed %t: %v; the test tests nothing", state.DidResume, err)
					}
					changed := s
					if side == "client" {
						changed = c
					}
					put(t, changed.dir, "ca.crt", other.pem)
					time.Sleep(time.Second)
					_, err, serverErr := shake(client, server)
					if err == nil || !strings.Contains(errors.Join(err, serverErr).Error(), "unknown authority") {
						t.Errorf("%v, server: %v", err, serverErr)
					}
				})
			})
		}
	}
}

func TestTheOldestVersion(t *testing.T) {
	ca := newAuthority(t)
	server, client := newFiles(t, ca, hosts("addsvc")).server(t, nil).TLS(), newFiles(t, ca, hosts("web")).client(t, nil, "dns:addsvc").TLS()
	if state, err, _ := shake(client, server); err != nil || state.Version != tls.VersionTLS13 {
		t.Errorf("%s: %v", tls.VersionName(state.Version), err)
	}
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true} {
		old := client.Clone()
		old.MinVersion, old.MaxVersion = tls.VersionTLS10, version
		if _, err, _ := shake(old, server); ok != (err == nil) {
			t.Errorf("a client of %s: %v", tls.VersionName(version), err)
		}
		old = server.Clone()
		old.GetConfigForClient = nil
		old.MinVersion, old.MaxVersion = tls.VersionTLS10, version
		inner, err := server.GetConfigForClient(nil)
		if err != nil {
			t.Fatal(err)
		}
		old.Certificates = inner.Certificates
		if _, err, _ := shake(client, old); ok != (err == nil) {
			t.Errorf("a server of %s: %v", tls.VersionName(version), err)
		}
	}
}
