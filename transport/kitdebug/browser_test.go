package kitdebug_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

// TestInABrowser opens a page whose every text would like to be code.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here, which Debian has as a package of that name: the page is not tried in a browser")
	}
	const evil = `<script>document.title="pwned"</script><img src=x onerror="document.title='pwned'"><style>*{display:none}</style>`
	in := sd.Instance{ID: evil, Addr: "javascript:alert(1)", Zone: evil, Tags: []string{`" onclick="document.title='pwned'`}}
	f := &fake{
		explanation: sd.Explanation{Fates: []sd.Fate{{Instance: in, In: true, Why: evil}}},
		nodes:       []lb.NodeStats{{Instance: in, Err: errors.New(evil)}},
		picks:       []lb.Pick{{Balancer: evil, Chosen: evil, Candidates: []lb.Candidate{{ID: evil, Excluded: evil}}}},
		drawing:     evil,
	}
	s := httptest.NewServer(newPage(t, kitdebug.Config{Name: "shop", Clients: []kitdebug.Client{f.client("addsvc")}}))
	defer s.Close()

	dom, log := open(t, browser, s.URL+"/debug/kit")
	if !strings.Contains(dom, "<title>shop: ") {
		t.Skipf("chromium does not work here: %.300s", log)
	}
	for _, bad := range []string{"<script", "<img", "<title>pwned"} {
		if strings.Contains(dom, bad) {
			t.Errorf("the browser made %q of it", bad)
		}
	}
	if handler := regexp.MustCompile(`<[a-z][^<>]* on[a-z]+=`).FindString(dom); handler != "" {
		t.Errorf("the browser made %q of it", handler)
	}
	if n := strings.Count(dom, "<style>"); n != 1 {
		t.Errorf("%d styles", n)
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}

// open returns what a browser makes of a page, and what it says beside that.
func open(t *testing.T, browser, url string) (dom, log string) {
	t.Helper()
	profile, err := os.MkdirTemp("", "kitdebug") //nolint:usetesting // browsers may still write there when they have ended, of which t.TempDir would complain
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--no-proxy-server", "--user-data-dir="+profile, "--enable-logging=stderr", "--dump-dom", url)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &said, 10*time.Second
	_ = cmd.Run() // what it printed tells
	return out.String(), said.String()
}
