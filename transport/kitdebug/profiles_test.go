package kitdebug_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/transport/kitdebug"
)

// TestProfiles are such as go tool pprof reads: compressed, and not empty.
func TestProfiles(t *testing.T) {
	p := serve(t, kitdebug.Config{Profiles: true})
	for _, path := range []string{"heap", "heap?gc=1", "goroutine", "allocs", "block", "mutex", "threadcreate", "profile?seconds=0.01"} {
		status, body := p.ask(t, "/debug/pprof/"+path)
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
			continue
		}
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if n, err := io.Copy(io.Discard, z); n == 0 || err != nil {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
	}
	for _, tt := range []struct {
		path, header string
		status       int
		body         string
	}{
		{"trace?seconds=0.01", "", 200, "go 1."},
		{"goroutine?debug=2", "", 200, "goroutine "},
		{"nonsense", "", 404, "there is no profile nonsense; /debug/pprof/ lists them"},
		{"cmdline", "", 404, "there is no profile cmdline"},
		{"heap?debug=3", "", 400, "debug=3: want 0, 1 or 2"},
		{"profile?seconds=0", "", 400, "seconds=0: want more than 0, at most 300"},
		{"profile?seconds=NaN", "", 400, "seconds=NaN"},
		{"trace?seconds=301", "", 400, "seconds=301"},
		{"heap", "cross-site", 403, "another web site asks for a profile (cross-site)"},
		{"heap", "none", 200, ""},
	} {
		if status, body := p.ask(t, "/debug/pprof/"+tt.path, "Sec-Fetch-Site", tt.header); status != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s: %d %.100s", tt.path, status, body)
		}
	}
}

func TestProfilesAreOnlyRead(t *testing.T) {
	t.Parallel()
	p := serve(t, kitdebug.Config{Profiles: true})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+"/debug/pprof/symbol", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Error(resp.Status)
	}
}

// TestTheDefaultMuxHasNoProfiles: net/http/pprof would put them on whatever server
// uses it.
func TestTheDefaultMuxHasNoProfiles(t *testing.T) {
	t.Parallel()
	if _, pattern := http.DefaultServeMux.Handler(httptest.NewRequest(http.MethodGet, "/debug/pprof/", http.NoBody)); pattern != "" {
		t.Errorf("http.DefaultServeMux has %q", pattern)
	}
}
