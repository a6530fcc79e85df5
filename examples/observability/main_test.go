package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestReadme runs the program, looks at what it shows, and wants it to print what
// the README says, but for figures, and for the order in which things happened.
func TestReadme(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r, w := io.Pipe()
	result := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-debug-addr", "127.0.0.1:0"}, w)
		w.Close()
		result <- err
	}()
	out := bufio.NewReader(r)
	got, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(<-result)
	}
	base := regexp.MustCompile(`http://[0-9.:]+`).FindString(got)
	look(ctx, t, base)
	cancel()
	rest, err := io.ReadAll(out)
	if err := errors.Join(err, <-result); err != nil {
		t.Fatal(err)
	}
	got += string(rest)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "$ go run ./observability -for 5s\n")
	want, _, _ := strings.Cut(after, "```")
	if want := kinds(want); !slices.Equal(kinds(got), want) {
		t.Errorf("it printed lines of these kinds:\n%s\nand the README shows:\n%s", strings.Join(kinds(got), "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(got, " 0 failed;") {
		t.Errorf("calls failed: %s", got)
	}
}

// kinds are the different lines of a text, without figures.
func kinds(text string) []string {
	text = regexp.MustCompile(`-[a-z0-9]+-[0-9a-f]{16}`).ReplaceAllString(text, "-N")
	text = regexp.MustCompile(`[1-9][0-9]* calls`).ReplaceAllString(text, "N calls")
	text = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`).ReplaceAllString(text, "ADDR")
	text = regexp.MustCompile(` *[0-9.]+ ms`).ReplaceAllString(text, " N ms")
	text = regexp.MustCompile(`attempt=[0-9]`).ReplaceAllString(text, "attempt=N")
	lines := slices.Sorted(strings.SplitSeq(strings.TrimSpace(text), "\n"))
	return slices.Compact(lines)
}

// look waits until a price was asked for twice, and looks at everything.
func look(ctx context.Context, t *testing.T, base string) {
	t.Helper()
	var page struct {
		Schema  int
		Clients []struct {
			Name     string
			Source   struct{ State string }
			Pool     struct{ States map[string]int }
			Policies struct {
				Budget struct{ Calls, Retries int }
			}
			Picks []struct{ Chosen string }
		}
		Registration struct{ State string }
		Servers      []struct {
			Name  string
			Calls int
		}
	}
	for page.Clients == nil || page.Clients[0].Policies.Budget.Retries == 0 || page.Registration.State != "registered" {
		if err := json.Unmarshal([]byte(get(ctx, t, base+"/debug/kit.json")), &page); err != nil {
			t.Fatal(err)
		}
		if ctx.Err() != nil {
			t.Fatalf("nothing to see: %+v", page)
		}
		time.Sleep(10 * time.Millisecond)
	}
	c := page.Clients[0]
	if page.Schema != 1 || c.Name != "prices" || c.Source.State != "fresh" || len(c.Picks) == 0 || page.Servers[0].Name != "http" || page.Servers[0].Calls == 0 {
		t.Errorf("the page says %+v", page)
	}
	metrics := get(ctx, t, base+"/metrics")
	for _, want := range []string{
		`kit_client_calls_total{code="200",method="Price",outcome="success",service="prices"} `,
		`kit_client_attempts_total{code="503",method="Price",outcome="failure",service="prices"} `,
		`kit_server_calls_total{code="200",method="Total",outcome="success",service="shop"} `,
		`kit_client_call_duration_seconds_bucket{method="Price",outcome="success",service="prices",le="0.005"} `,
		`kit_lb_instances{service="prices",state="ready"} `,
		`kit_sd_source{service="prices",state="fresh"} 1`,
		`kit_registration{state="registered"} 1`,
		"kit_ready 1", "kit_stopping 0",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	if html := get(ctx, t, base+"/debug/kit"); !strings.Contains(html, "calls to <bdi>prices</bdi>") {
		t.Errorf("the page is %s", html)
	}
}

func get(ctx context.Context, t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %s", url, resp.Status, err, b)
	}
	return string(b)
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"not defined:":                     {"-percent", "5"},
		"invalid value":                    {"-for", "ever"},
		"no time before now":               {"-for", "-1s"},
		"there are flags alone":            {"now"},
		"-debug-addr :0: other machines":   {"-debug-addr", ":0"},
		"-debug-addr 127.0.0.1: missing p": {"-debug-addr", "127.0.0.1"},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v; want %q", args, err, want)
		}
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"-debug-addr", "127.0.0.1:0"}, io.Discard); err != nil {
		t.Error(err)
	}
}

// TestScreenshot wants a picture, where there is a browser.
func TestScreenshot(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/page.png"
	err := run(t.Context(), []string{"-debug-addr", "127.0.0.1:0", "-screenshot", file}, io.Discard)
	if err != nil && strings.Contains(err.Error(), "apt-get install chromium") {
		t.Skip(err)
	}
	if b, readErr := os.ReadFile(file); err != nil || readErr != nil || !strings.HasPrefix(string(b), "\x89PNG") {
		t.Errorf("%v, %v, %d bytes", err, readErr, len(b))
	}
}
