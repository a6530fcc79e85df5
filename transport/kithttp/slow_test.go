package kithttp_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func (w wire) start(t *testing.T, h http.Handler, change func(*kithttp.Config)) net.Listener {
	t.Helper()
	l, cfg := listen(t), w.server
	change(&cfg)
	serve(t, kithttp.Server(l, h, cfg), transport.Config{Propagation: -1})
	return l
}

// TestSlowBodies: a body that stops coming fails in the handler's Read.
func TestSlowBodies(t *testing.T) {
	for _, w := range wires(t) {
		t.Run(w.name, func(t *testing.T) {
			h := kithttp.NewServer(returning(sumResponse{}, nil), kithttp.DecodeJSON[sumRequest])
			l := w.start(t, h, func(cfg *kithttp.Config) { cfg.ReadTimeout = 20 * time.Millisecond })
			half, rest := io.Pipe()
			defer rest.Close()
			go func() { _, _ = io.WriteString(rest, `{"a":`) }()
			resp, err := w.http(t).Post(w.url(l), "application/json", half)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 408 || !strings.Contains(string(body), "body_too_slow") {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
}

// TestBodiesThatNobodyReads: net/http reads what its handler has left, and must not
// wait for ever for that.
func TestBodiesThatNobodyReads(t *testing.T) {
	l := wires(t)[0].start(t, echoPath, func(cfg *kithttp.Config) { cfg.ReadTimeout = 20 * time.Millisecond })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

// TestBodiesWithADeadlineOfTheirOwn: the handler knows better how slow it may be.
func TestBodiesWithADeadlineOfTheirOwn(t *testing.T) {
	for _, w := range wires(t) {
		read := make(chan struct{})
		l := w.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
			_, _ = io.ReadFull(r.Body, make([]byte, 1))
			close(read)
			rest, err := io.ReadAll(r.Body)
			if err != nil || string(rest) != "b" {
				t.Errorf("%q, %v", rest, err)
			}
		}), func(cfg *kithttp.Config) { cfg.ReadTimeout, cfg.LivePath = time.Millisecond, "/healthz" })
		body, in := io.Pipe()
		go func() {
			_, _ = io.WriteString(in, "a")
			<-read
			time.Sleep(10 * time.Millisecond) // so that a deadline would have passed
			_, _ = io.WriteString(in, "b")
			_ = in.Close()
		}()
		resp, err := w.http(t).Post(w.url(l), "", body)
		if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		_ = resp.Body.Close()
	}
}

// endless writes until somebody stops it, and says who.
func endless(stopped chan<- error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			return
		}
		block := make([]byte, 100_000)
		for {
			if _, err := w.Write(block); err != nil {
				stopped <- err
				return
			}
		}
	})
}

// TestClientsThatTakeNothing: whoever asks for much and reads none of it holds no
// handler for ever.
func TestClientsThatTakeNothing(t *testing.T) {
	for _, w := range wires(t) {
		t.Run(w.name, func(t *testing.T) {
			stopped := make(chan error, 1)
			l := w.start(t, endless(stopped), func(cfg *kithttp.Config) { cfg.WriteTimeout = 50 * time.Millisecond })
			resp, err := w.http(t).Get(w.url(l))
			if err := <-stopped; w.name == "HTTP/1" && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("stopped by %v", err)
			}
			if err != nil { // a busy machine was too late to begin an answer
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err == nil {
				t.Error("what came looks like the whole")
			}
			_ = resp.Body.Close()
		})
	}
}

// TestSilentStreamsLive: the time runs only while there is something to take.
func TestSilentStreamsLive(t *testing.T) {
	for _, w := range wires(t) {
		l := w.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				return
			}
			for range 3 {
				_, _ = io.WriteString(w, "x")
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				time.Sleep(impatience * 3 / 2) // longer than any deadline
			}
		}), func(cfg *kithttp.Config) {
			cfg.WriteTimeout, cfg.ReadTimeout = impatience, impatience
		})
		if status, body := getBody(t, w.http(t), w.url(l)); status != 200 || body != "xxx" {
			t.Errorf("%s: %d %q", w.name, status, body)
		}
	}
}

// impatience is a timeout that a test sits out, and that a busy machine keeps.
const impatience = 200 * time.Millisecond

// slowly is a source that takes longer than any client may.
type slowly struct{ io.Reader }

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(impatience * 3 / 2)
	return s.Reader.Read(p)
}

// TestSlowSourcesAreNoSlowClients: what is copied from elsewhere, with its length
// known, comes when it comes.
func TestSlowSourcesAreNoSlowClients(t *testing.T) {
	const before = 512 // net/http looks at so much, and then has the connection copy
	for _, w := range wires(t) {
		l := w.start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(before+3))
			source := io.MultiReader(strings.NewReader(strings.Repeat("x", before)), slowly{strings.NewReader("abc")})
			if _, err := io.Copy(w, struct{ io.Reader }{source}); err != nil {
				t.Error(err)
			}
		}), func(cfg *kithttp.Config) { cfg.WriteTimeout = impatience })
		if status, body := getBody(t, w.http(t), w.url(l)); status != 200 || len(body) != before+3 {
			t.Errorf("%s: %d, %d bytes", w.name, status, len(body))
		}
	}
}

// TestHijackedClientsThatTakeNothing: their connection may have been used just
// before, and its deadline is unset when it is taken over.
func TestHijackedClientsThatTakeNothing(t *testing.T) {
	stopped := make(chan error, 1)
	l := wires(t)[0].start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			return
		}
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, err = c.Write(make([]byte, 64<<20))
		stopped <- err
	}), func(cfg *kithttp.Config) { cfg.WriteTimeout = 400 * time.Millisecond })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The second follows at once: both are served within an eighth of the timeout.
	_, _ = io.WriteString(c, "GET /before HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
	select {
	case err := <-stopped:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("stopped by %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the handler waits for ever")
	}
}

// TestWriteDeadlinesOfHandlers go instead of the server's, for one request.
func TestWriteDeadlinesOfHandlers(t *testing.T) {
	for _, w := range wires(t) {
		stopped := make(chan error, 1)
		l := w.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
					t.Error(err)
				}
			}
			endless(stopped).ServeHTTP(w, r)
		}), func(cfg *kithttp.Config) { cfg.WriteTimeout = time.Hour })
		resp, err := w.http(t).Get(w.url(l))
		<-stopped
		if err == nil { // else a busy machine was too late to begin an answer
			_ = resp.Body.Close()
		}
	}
}

// TestFilesAreSentWhole: by the kernel, in pieces.
func TestFilesAreSentWhole(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 50_000)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, w := range wires(t) {
		l := w.start(t, kithttp.Load(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := w.(io.ReaderFrom); !ok {
				t.Error("no io.ReaderFrom")
			}
			f, err := os.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if r.URL.Path == "/served" {
				http.ServeContent(w, r, "", time.Time{}, f)
			} else {
				_, _ = io.Copy(w, f)
			}
		}), nil), func(*kithttp.Config) {})
		for _, path := range []string{"/served", "/copied"} {
			if status, body := getBody(t, w.http(t), w.url(l)+path[1:]); status != 200 || body != string(want) {
				t.Errorf("%s: %s: %d, %d bytes", w.name, path, status, len(body))
			}
		}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", w.url(l)+"served", nil)
		req.Header.Set("Range", "bytes=70000-200000")
		resp, err := w.http(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); !bytes.Equal(body, want[70000:200001]) {
			t.Errorf("%s: a range of %d bytes", w.name, len(body))
		}
		_ = resp.Body.Close()
	}
}

// TestResponseController: everything it can do works through all wrappers.
func TestResponseController(t *testing.T) {
	for _, w := range wires(t) {
		l := w.start(t, kithttp.Load(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			c := http.NewResponseController(rw)
			for name, err := range map[string]error{
				"SetReadDeadline":  c.SetReadDeadline(time.Now().Add(time.Hour)),
				"SetWriteDeadline": c.SetWriteDeadline(time.Now().Add(time.Hour)),
				"EnableFullDuplex": c.EnableFullDuplex(),
				"Flush":            c.Flush(),
			} {
				if err != nil {
					t.Errorf("%s: %s: %v", w.name, name, err)
				}
			}
			if n, ok := rw.(interface{ CloseNotify() <-chan bool }); !ok || n.CloseNotify() == nil {
				t.Errorf("%s: gin's Stream would panic", w.name)
			}
			if w.name == "HTTP/2" {
				if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
					t.Errorf("Hijack: %v", err)
				}
				return
			}
			conn, _, err := c.Hijack()
			if err != nil {
				t.Errorf("Hijack: %v", err)
				return
			}
			_ = conn.Close()
		}), nil), func(*kithttp.Config) {})
		if resp, err := w.http(t).Get(w.url(l)); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
}

// TestTooManyConnections: one more is told at once, and the others go on.
func TestTooManyConnections(t *testing.T) {
	l := wires(t)[0].start(t, echoPath, func(cfg *kithttp.Config) { cfg.MaxConns = 1 })
	var first *bufio.Reader
	var c net.Conn
	for first == nil { // the self-probe's connection may take a moment to be gone
		var err error
		if c, err = net.Dial("tcp", l.Addr().String()); err != nil {
			continue // refused as early as that
		}
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		r := bufio.NewReader(c)
		if resp, err := http.ReadResponse(r, nil); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			first = r
		} else {
			_ = c.Close()
		}
	}
	defer c.Close()
	if second, err := net.Dial("tcp", l.Addr().String()); err == nil {
		defer second.Close()
		if _, err := second.Read(make([]byte, 1)); err == nil {
			t.Error("a second connection is served")
		}
	}
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := http.ReadResponse(first, nil); err != nil {
		t.Errorf("the first: %v", err)
	}
}

// http is a client that knows nothing of kithttp.
func (w wire) http(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{ForceAttemptHTTP2: true}
	if w.client.TLS != nil {
		tr.TLSClientConfig = w.client.TLS.Clone()
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func (w wire) url(l net.Listener) string {
	scheme := "http"
	if w.client.TLS != nil {
		scheme = "https"
	}
	return baseOf(l, scheme).String() + "/"
}
