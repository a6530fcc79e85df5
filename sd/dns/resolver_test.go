package dns

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func conf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlan(t *testing.T) {
	long := strings.Repeat("a234567890.", 22) + "company"
	for _, c := range []struct {
		conf, name     string
		servers, names []string
		err            string
	}{
		{"nameserver 10.0.0.2\nnameserver fe80::1%eth0\n", "x", []string{"10.0.0.2:53", "[fe80::1%eth0]:53"}, []string{"x."}, ""},
		{"nameserver 10.0.0.2\nsearch a.test b.test", "x", []string{"10.0.0.2:53"}, []string{"x.a.test.", "x.b.test.", "x."}, ""},
		{"nameserver 10.0.0.2\nsearch a.test b.test", "x.y", []string{"10.0.0.2:53"}, []string{"x.y.", "x.y.a.test.", "x.y.b.test."}, ""},
		{"nameserver 10.0.0.2\nsearch a.test\noptions ndots:5", "x.y", []string{"10.0.0.2:53"}, []string{"x.y.a.test.", "x.y."}, ""},
		{"nameserver 10.0.0.2\nsearch a.test", "x.", []string{"10.0.0.2:53"}, []string{"x."}, ""},
		{"nameserver 10.0.0.2\nsearch a.test", long, []string{"10.0.0.2:53"}, []string{long + "."}, ""},
		{"nameserver 10.0.0.2\nsearch a.test\noptions ndots:15", long + "." + strings.Repeat("a", 20), nil, nil, "with each search domain the name is too long"},
		{"nameserver dns.test\n", "x", nil, nil, "has no name server that is an IP address: name one"},
		{"", "x", nil, nil, "has no name server"},
		{"\x00nameserver\nnameserver\noptions ndots:x timeout:-1", "x", nil, nil, "has no name server"},
	} {
		r := &resolver{conf: conf(t, c.conf)}
		servers, names, err := r.plan(c.name)
		if c.err == "" && (err != nil || !slices.Equal(servers, c.servers) || !slices.Equal(names, c.names)) ||
			c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q with %q: got %q, %q, %v", c.name, c.conf, servers, names, err)
		}
	}
	r := &resolver{conf: filepath.Join(t.TempDir(), "none")}
	if _, _, err := r.plan("x"); err == nil || !strings.Contains(err.Error(), "name one, as in dns://") {
		t.Errorf("without resolv.conf: %v", err)
	}
	r.cfg.Servers = []string{"10.0.0.2:53"}
	if servers, names, err := r.plan("x"); err != nil || !slices.Equal(servers, r.cfg.Servers) || !slices.Equal(names, []string{"x."}) {
		t.Errorf("with servers: %q, %q, %v", servers, names, err)
	}
}

// TestSearch: the first domain with anybody counts, and an error ends the
// search, for what comes after may be somebody else.
func TestSearch(t *testing.T) {
	s := serve(t, "x.b.test. 60 A 10.0.0.2", "x. 60 A 10.0.0.3")
	r := &resolver{conf: conf(t, "nameserver 127.0.0.1\nsearch a.test b.test")}
	find := func() (finding, error) {
		servers, names, err := r.plan("x")
		if err != nil || len(servers) != 1 {
			t.Fatal(servers, err)
		}
		c := &client{servers: []string{s.addr}, timeout: 20 * time.Second}
		return r.search(t.Context(), c, names, question{"x", "80"})
	}
	if f, err := find(); err != nil || brief(f.set) != "10.0.0.2:80" {
		t.Errorf("found %q, %v", brief(f.set), err)
	}
	s.remove("x.b.test.")
	if f, err := find(); err != nil || brief(f.set) != "10.0.0.3:80" {
		t.Errorf("found %q, %v", brief(f.set), err)
	}
	s.behave(func(w dns.ResponseWriter, m *dns.Msg) bool {
		return m.Question[0].Name == "x.b.test." && says(dns.RcodeServerFailure)(w, m)
	})
	if f, err := find(); err == nil {
		t.Errorf("found %q beyond a domain that fails", brief(f.set))
	}
	s.behave(nil)
	s.remove("x.")
	if f, err := find(); err != nil || len(f.set) > 0 {
		t.Errorf("found %q, %v", brief(f.set), err)
	}
}
