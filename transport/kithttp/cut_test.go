package kithttp_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// wire is one of the protocols that a server speaks.
type wire struct {
	name   string
	server kithttp.Config
	client kithttp.ClientConfig
}

// wires are HTTP/1 and HTTP/2.
func wires(t *testing.T) []wire {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil) // for its certificate
	ts.StartTLS()
	t.Cleanup(ts.Close)
	server, client := ts.TLS.Clone(), ts.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	server.NextProtos = nil
	client.ServerName, client.NextProtos = "example.com", nil
	return []wire{
		{"HTTP/1", kithttp.Config{}, kithttp.ClientConfig{}},
		{"HTTP/2", kithttp.Config{TLS: server}, kithttp.ClientConfig{TLS: client}},
	}
}

// opened is a client of l that opens streams by GET /, or calls /other if it has a
// request.
func (w wire) opened(t *testing.T, l net.Listener) endpoint.Endpoint {
	t.Helper()
	call, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		open, other := kithttp.NewStreamEndpoint(c, "GET", base, "/"), kithttp.NewEndpoint[string](c, "GET", base, "/other")
		return func(ctx context.Context, request any) (any, error) {
			if request != nil {
				return other(ctx, nil)
			}
			return open(ctx, nil)
		}
	}, w.client)(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closer.Close() })
	return call
}

// saysComeAgain reports whether err tells its client what transport.ErrStopping does.
func saysComeAgain(err error) bool {
	status, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err)
	again, also := errors.AsType[interface {
		error
		RetryAfter() (time.Duration, bool)
	}](err)
	if !ok || !also {
		return false
	}
	after, told := again.RetryAfter()
	return status.StatusCode() == 503 && told && after == 0
}

// TestStreamsThatAreCutAreSeenToBe: no client takes the half of a stream for the
// whole.
func TestStreamsThatAreCutAreSeenToBe(t *testing.T) {
	for _, w := range wires(t) {
		t.Run(w.name, func(t *testing.T) {
			l := listen(t)
			why := make(chan error, 1)
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					return
				}
				_, _ = io.WriteString(w, "one\n")
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
				why <- context.Cause(r.Context())
				_, _ = io.WriteString(w, "half")
			})
			cfg := w.server
			cfg.StreamGrace = 10 * time.Millisecond
			s := kithttp.Server(l, h, cfg)
			p := serve(t, s, transport.Config{Propagation: -1, Drain: time.Minute})
			open := w.opened(t, l)
			response, err := open(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			stream := response.(*kithttp.Stream)
			text := bufio.NewReader(stream)
			if line, err := text.ReadString('\n'); line != "one\n" {
				t.Fatalf("%q, %v", line, err)
			}
			s.SetReady(false) // and another answer tells the client
			if _, err := open(t.Context(), "other"); err != nil {
				t.Error(err)
			}
			p.stop()
			if cause := <-why; !errors.Is(cause, transport.ErrStopping) {
				t.Errorf("the handler's context ended by %v", cause)
			}
			_, err = io.ReadAll(text)
			if !errors.Is(err, io.ErrUnexpectedEOF) || !saysComeAgain(err) {
				t.Errorf("the stream ended with %v", err)
			}
			if err := <-p.result; err != nil {
				t.Errorf("stopped with %v", err)
			}
		})
	}
}

// TestStreamsThatEndInTimeEnd: a handler that ends its stream within the grace has
// ended it.
func TestStreamsThatEndInTimeEnd(t *testing.T) {
	for _, w := range wires(t) {
		l := listen(t)
		goOn := make(chan struct{})
		p := serve(t, kithttp.Server(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "one\n")
			_ = http.NewResponseController(w).Flush()
			if r.URL.Path == "/" {
				<-goOn
			}
		}), w.server), transport.Config{Propagation: -1, Drain: time.Minute})
		response, err := w.opened(t, l)(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		p.stop()
		close(goOn)
		if text, err := io.ReadAll(response.(*kithttp.Stream)); string(text) != "one\n" || err != nil {
			t.Errorf("%s: %q, %v", w.name, text, err)
		}
		if err := <-p.result; err != nil {
			t.Errorf("%s: stopped with %v", w.name, err)
		}
	}
}

// TestTheLastCallsAreAnswered: who waits for the end of the drain is told to come
// again, and the process knows that it has not let everybody finish.
func TestTheLastCallsAreAnswered(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(entered chan<- struct{}) http.Handler{
		"a handler that writes nothing": func(entered chan<- struct{}) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				entered <- struct{}{}
				<-r.Context().Done()
			})
		},
		"an endpoint": func(entered chan<- struct{}) http.Handler {
			return kithttp.NewServer(func(ctx context.Context, _ any) (any, error) {
				entered <- struct{}{}
				<-ctx.Done()
				return nil, ctx.Err()
			}, kithttp.DecodeJSON[sumRequest])
		},
	} {
		for _, w := range wires(t) {
			t.Run(name+", "+w.name, func(t *testing.T) {
				t.Parallel() // they wait for the time to pass
				l := listen(t)
				entered := make(chan struct{}, 9)
				mux := http.NewServeMux()
				mux.Handle("/sum", h(entered))
				p := serve(t, kithttp.Server(l, mux, w.server), transport.Config{Propagation: -1, Drain: 4 * time.Second})
				call, closer, err := kithttp.Factory(newSum, w.client)(l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer closer.Close()
				failed := make(chan error, 1)
				go func() {
					_, err := call(t.Context(), sumRequest{})
					failed <- err
				}()
				<-entered
				p.stop()
				if err := <-failed; !saysComeAgain(err) {
					t.Errorf("the call ended with %v", err)
				}
				if err := <-p.result; !errors.Is(err, transport.ErrForced) {
					t.Errorf("stopped with %v", err)
				}
			})
		}
	}
}

// TestCutContext: it is a context like others, for those that derive from it, too.
func TestCutContext(t *testing.T) {
	l := listen(t)
	entered, results := make(chan struct{}, 3), make(chan error, 3)
	handlers := map[string]func(context.Context){
		"/asks": func(ctx context.Context) {
			for ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			results <- context.Cause(ctx)
		},
		"/derives": func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(context.WithValue(ctx, slowKey{}, 1), time.Hour)
			defer cancel()
			<-ctx.Done()
			results <- context.Cause(ctx)
		},
		"/callback": func(ctx context.Context) {
			called := make(chan struct{})
			context.AfterFunc(ctx, func() { close(called) })
			<-called
			results <- context.Cause(ctx)
		},
	}
	p := serve(t, kithttp.Server(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := handlers[r.URL.Path]
		if !ok {
			return
		}
		w.WriteHeader(http.StatusAccepted)
		w.(http.Flusher).Flush()
		entered <- struct{}{}
		f(r.Context())
	}), kithttp.Config{StreamGrace: -1}), transport.Config{Propagation: -1, Drain: time.Minute})
	for path := range handlers {
		go func() {
			resp, err := client(t).Get(baseOf(l, "http").JoinPath(path).String())
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}()
		<-entered
	}
	p.stop()
	for range handlers {
		if err := <-results; !errors.Is(err, transport.ErrStopping) {
			t.Errorf("ended by %v", err)
		}
	}
	if err := <-p.result; err != nil {
		t.Error(err)
	}
}

// TestContextEndsWithTheHandler: what it left running is told.
func TestContextEndsWithTheHandler(t *testing.T) {
	ended := make(chan error, 1)
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		go func() {
			<-ctx.Done()
			ended <- context.Cause(ctx)
		}()
	}), kithttp.Config{LivePath: "-"})
	getBody(t, client(t), base.String())
	for range 2 { // the self-probe, too
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended by %v", err)
		}
	}
}

// TestHijackedAreToldAndClosed: net/http knows nothing of them.
func TestHijackedAreToldAndClosed(t *testing.T) {
	for name, heeds := range map[string]bool{"one that listens": true, "one that does not": false} {
		l := listen(t)
		p := serve(t, kithttp.Server(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				return
			}
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			if heeds {
				<-r.Context().Done()
				_, _ = io.WriteString(c, "bye")
			} else {
				_, _ = io.Copy(c, rw)
			}
		}), kithttp.Config{StreamGrace: -1}), transport.Config{Propagation: -1, Drain: time.Second})
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		text := bufio.NewReader(c)
		if _, err := http.ReadResponse(text, nil); err != nil {
			t.Fatal(err)
		}
		p.stop()
		rest, _ := io.ReadAll(text)
		if got := string(rest); got == "bye" != heeds {
			t.Errorf("%s: %q at the end", name, got)
		}
		if err := <-p.result; err != nil {
			t.Errorf("%s: stopped with %v", name, err)
		}
	}
}

func TestCallsAreCounted(t *testing.T) {
	l := listen(t)
	s := kithttp.Server(l, kithttp.Load(echoPath, nil), kithttp.Config{})
	serve(t, s, transport.Config{Propagation: -1})
	for path, want := range map[string]uint64{"/healthz": 0, "/readyz": 0, kithttp.LoadPath: 0, "/x": 1} {
		before := s.Calls()
		getBody(t, client(t), baseOf(l, "http").JoinPath(path).String())
		if got := s.Calls() - before; got != want {
			t.Errorf("%s: %d calls", path, got)
		}
	}
}

func TestLeavingIsInEveryResponse(t *testing.T) {
	for _, w := range wires(t) {
		l := listen(t)
		s := kithttp.Server(l, echoPath, w.server)
		serve(t, s, transport.Config{Propagation: -1})
		c := w.http(t)
		ask := func(path string) *http.Response {
			t.Helper()
			resp, err := c.Get(w.url(l) + path[1:])
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			return resp
		}
		if resp := ask("/"); resp.Header.Get("Kit-Draining") != "" || resp.Proto[:6] != w.name {
			t.Errorf("%s: %s %v", w.name, resp.Proto, resp.Header)
		}
		s.SetReady(false)
		for _, path := range []string{"/", "/healthz", "/readyz"} {
			if resp := ask(path); resp.Header.Get("Kit-Draining") != "true" || resp.Close != (w.name == "HTTP/1") {
				t.Errorf("%s %s: %v, close: %t", w.name, path, resp.Header, resp.Close)
			}
		}
	}
}
