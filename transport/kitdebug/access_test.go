package kitdebug_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/transport/kitdebug"
)

func TestWhoMaySeeThePage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		remote, host, header string
		why                  string // it is refused; empty if it is not
	}{
		{"127.0.0.1:40000", "127.0.0.1:6060", "", ""},
		{"127.9.9.9:40000", "localhost", "", ""},
		{"[::1]:40000", "[::1]:6060", "", ""},
		{"127.0.0.1:40000", "LocalHost:6060", "", ""},
		{"127.0.0.1:40000", "10.0.0.7:6060", "", ""}, // a forwarded port; no name leads there
		{"[::ffff:127.0.0.1]:40000", "localhost", "", ""},
		{"192.0.2.1:40000", "localhost:6060", "", "this request came from 192.0.2.1"},
		{"[2001:db8::1]:40000", "localhost:6060", "", "this request came from 2001:db8::1"},
		{"[fe80::1%eth0]:40000", "localhost:6060", "", "this request came from fe80::1%eth0"},
		{"", "localhost:6060", "", "this request came from "},
		{"@", "localhost:6060", "", "this request came from @"},
		{"127.0.0.1:40000", "evil.example:6060", "", "this request asked for the host evil.example"},
		{"127.0.0.1:40000", "localhost.evil.example", "", "this request asked for the host localhost.evil.example"},
		{"127.0.0.1:40000", "", "", "this request asked for the host "},
		{"127.0.0.1:40000", "localhost", "X-Forwarded-For", "this request came through a proxy, since it has the header X-Forwarded-For"},
		{"127.0.0.1:40000", "localhost", "Forwarded", "this request came through a proxy"},
		{"127.0.0.6:40000", "10.0.0.7:8080", "X-Forwarded-Proto", "this request came through a proxy"}, // as a mesh's
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/debug/kit.json", http.NoBody)
		r.RemoteAddr, r.Host = tt.remote, tt.host
		if tt.header != "" {
			r.Header.Set(tt.header, "192.0.2.1")
		}
		for _, public := range []bool{false, true} {
			w := httptest.NewRecorder()
			newPage(t, kitdebug.Config{Public: public}).ServeHTTP(w, r)
			refused := tt.why != "" && !public
			if (w.Code == http.StatusForbidden) != refused || refused && !strings.Contains(w.Body.String(), tt.why) {
				t.Errorf("from %q to %q with %q, public %t: %d %s", tt.remote, tt.host, tt.header, public, w.Code, w.Body)
			}
			if refused && (!strings.Contains(w.Body.String(), "Config.Public") || strings.Contains(w.Body.String(), "goroutines")) {
				t.Errorf("it is told %s", w.Body)
			}
		}
	}
}

// TestAnEmptyHeaderHidesNoProxy: some add theirs beside the one that a caller
// from elsewhere has sent, empty.
func TestAnEmptyHeaderHidesNoProxy(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/debug/kit.json", http.NoBody)
	r.RemoteAddr, r.Host = "127.0.0.1:40000", "127.0.0.1:8080"
	r.Header["X-Forwarded-For"] = []string{"", "192.0.2.1"}
	w := httptest.NewRecorder()
	newPage(t, kitdebug.Config{}).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
