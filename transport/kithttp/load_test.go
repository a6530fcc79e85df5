package kithttp_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/internal/load"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// loaded serves h with Load for the time of the test.
func loaded(t testing.TB, h http.HandlerFunc) (*url.URL, *kithttp.Meter) {
	t.Helper()
	m := new(kithttp.Meter)
	return start(t, kithttp.Load(h, m), kithttp.Config{}), m
}

// get returns the response's load report.
func get(t testing.TB, c *http.Client, target string) (load.Report, *http.Response) {
	t.Helper()
	resp, err := c.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	r, err := load.Parse(resp.Header.Get(load.Header))
	if err != nil {
		t.Fatal(err)
	}
	return r, resp
}

// settle waits until the server has let go of its requests: an answer arrives
// before its handler returns.
func settle(t testing.TB, m *kithttp.Meter) load.Report {
	t.Helper()
	for m.Report().InFlight > 0 {
		if t.Context().Err() != nil {
			t.Fatal("requests stay in flight")
		}
		time.Sleep(time.Millisecond)
	}
	return m.Report()
}

func TestLoadCountsInFlight(t *testing.T) {
	const calls = 7
	release := make(chan struct{})
	var began sync.WaitGroup
	began.Add(calls)
	base, m := loaded(t, func(w http.ResponseWriter, _ *http.Request) {
		began.Done()
		<-release
		io.WriteString(w, "done")
	})
	c := client(t)
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			if r, _ := get(t, c, base.String()); r.InFlight >= calls {
				t.Errorf("a response counts itself: %v of %d", r, calls)
			}
		})
	}
	began.Wait()
	for range 2 { // nor does it count probes
		rif, _, err := kithttp.Probe(t.Context(), c, base)
		if err != nil || rif != calls {
			t.Errorf("a probe says %d, %v; want %d in flight", rif, err, calls)
		}
	}
	close(release)
	all.Wait()
	settle(t, m)
	if _, latency, err := kithttp.Probe(t.Context(), c, base); err != nil || latency <= 0 {
		t.Errorf("after %d answers a probe says latency %v, %v", calls, latency, err)
	}
}

// TestEveryResponseTells has all the ways in which a handler may write.
func TestEveryResponseTells(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		h      http.HandlerFunc
		status int
		timed  bool
	}{
		"nothing":  {func(http.ResponseWriter, *http.Request) {}, 200, true},
		"write":    {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a") }, 200, true},
		"status":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) }, 201, true},
		"refused":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 404, true},
		"failed":   {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", 500) }, 500, false},
		"throttle": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, 429, false},
		"hints": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(202)
		}, 202, true},
		"file": {func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }, 200, true},
		"flush": {func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, "a")
		}, 200, false},
		"controller": {func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		}, 200, true},
	} {
		t.Run(name, func(t *testing.T) {
			base, m := loaded(t, tt.h)
			r, resp := get(t, client(t), base.String())
			if r != (load.Report{}) || resp.StatusCode != tt.status {
				t.Errorf("status %d, report %v of a server with one request ever", resp.StatusCode, r)
			}
			if got := settle(t, m); (got.Latency > 0) != tt.timed {
				t.Errorf("latency is %v afterwards, timed should be %v", got.Latency, tt.timed)
			}
		})
	}
}

func TestLoadAfterPanic(t *testing.T) {
	base, m := loaded(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if _, err := client(t).Get(base.String()); err == nil {
		t.Error("no error")
	}
	if got := settle(t, m); got != (load.Report{}) {
		t.Errorf("a panic left %v", got)
	}
}

func TestLoadAfterCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	base, m := loaded(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, base.String(), nil)
	if _, err := client(t).Do(req); err == nil {
		t.Error("no error")
	}
	if got := settle(t, m); got != (load.Report{}) {
		t.Errorf("a caller that left, left %v", got)
	}
}

func TestLoadOfHijacked(t *testing.T) {
	base, m := loaded(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "mine now")
		conn.Close()
	})
	conn, err := net.Dial("tcp", base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if b, err := io.ReadAll(conn); err != nil || string(b) != "mine now" {
		t.Errorf("%q, %v", b, err)
	}
	if got := settle(t, m); got != (load.Report{}) {
		t.Errorf("a hijacked connection left %v", got)
	}
	// Where the server cannot, it says so.
	kithttp.Load(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, _, err := w.(http.Hijacker).Hijack(); err == nil {
			t.Error("a recorder was hijacked")
		}
	}), nil).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

// reports are what a call was told.
type reports struct {
	mu  sync.Mutex
	all []load.Report
}

func (r *reports) Receive(report load.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, report)
}

func TestFactoryHandsOnReports(t *testing.T) {
	base, _ := loaded(t, kithttp.NewServer(endpoint.Nop, kithttp.DecodeJSON[sumRequest]).ServeHTTP)
	e, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[struct{}](c, http.MethodPost, base, "/")
	}, kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if _, err := e(t.Context(), sumRequest{}); err != nil { // nobody asks
		t.Error(err)
	}
	var got reports
	if _, err := e(load.With(t.Context(), &got), sumRequest{}); err != nil {
		t.Error(err)
	}
	if len(got.all) != 1 || got.all[0].Latency <= 0 { // how many were in flight when the first was just ending is the scheduler's secret
		t.Errorf("the call was told %v", got.all)
	}
	probed, ok := closer.(interface {
		Probe(ctx context.Context) (int, time.Duration, error)
	})
	if !ok {
		t.Fatal("the closer has no Probe")
	}
	if _, latency, err := probed.Probe(t.Context()); err != nil || latency <= 0 {
		t.Errorf("a probe says latency %v, %v", latency, err)
	}
}

func TestProbeSaysWhatIsWrong(t *testing.T) {
	answer := func(header string) *url.URL {
		return start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(load.Header, header)
			}
			w.WriteHeader(404)
		}), kithttp.Config{})
	}
	nobody := listen(t)
	nobody.Close()
	for want, base := range map[string]*url.URL{
		"/loadz: 404 Not Found without a header Kit-Load: the server's handler needs kithttp.Load": answer(""),
		`/loadz: load report "busy": has no rif`:                                                   answer("busy"),
		"refused":                                                                                  baseOf(nobody, "http"),
	} {
		if _, _, err := kithttp.Probe(t.Context(), client(t), base); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

// nowhere is a ResponseWriter whose header is made once.
type nowhere http.Header

func (n nowhere) Header() http.Header         { return http.Header(n) }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func TestLoadIsCheap(t *testing.T) {
	h := kithttp.Load(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }), nil)
	w := nowhere{}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 3 {
		t.Errorf("%v allocations per request; want the writer, and a header's slice and string", n)
	}
	r.URL.Path = kithttp.LoadPath
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 3 {
		t.Errorf("%v allocations per probe; want two headers", n)
	}
}

func BenchmarkLoad(b *testing.B) {
	h := kithttp.Load(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }), nil)
	w := nowhere{}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

// TestProbingAvoidsTheBusy has lb.Probing ask real servers, of which one is busy
// with others' calls.
func TestProbingAvoidsTheBusy(t *testing.T) {
	var fixed kitsd.FixedInstancer
	meters := map[string]*kithttp.Meter{}
	for range 3 {
		base, m := loaded(t, func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(r.Host) })
		fixed = append(fixed, base.Host)
		meters[base.Host] = m
	}
	busy := fixed[0]
	for range 50 {
		r := meters[busy].Begin()
		defer r.Drop()
	}
	p := lb.NewPool(fixed, kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[string](c, http.MethodGet, base, "/")
	}, kithttp.ClientConfig{}), lb.PoolConfig{})
	defer p.Close()
	call := lb.Endpoint(lb.NewProbing(p, lb.ProbingConfig{MaxAge: time.Hour, Timeout: time.Minute}))
	if err := p.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Before the answers, picks are an adaptive's, which sees none of that.
	picks := map[any]int{}
	for range 100 {
		clear(picks)
		for range 300 {
			who, err := call(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			picks[who]++
		}
		if picks[busy] < 50 && len(picks) > 1 { // by chance, one of three gets a hundred
			return
		}
	}
	t.Errorf("the busy one is not avoided: of the last 300 calls, each got %v", picks)
}
