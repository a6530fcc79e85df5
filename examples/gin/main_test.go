package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	goleak.VerifyTestMain(m)
}

// routers are the same service, written with each.
func routers() map[string]http.Handler {
	user := func(w http.ResponseWriter, id string) { fmt.Fprintf(w, `{"id":%q}`, id) }
	clock := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, time.Now().Format(time.StampMilli)+"\n")
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) { user(w, r.PathValue("id")) })
	mux.HandleFunc("GET /clock", clock)

	c := chi.NewRouter()
	c.Get("/users/{id}", func(w http.ResponseWriter, r *http.Request) { user(w, chi.URLParam(r, "id")) })
	c.Get("/clock", clock)

	e := echo.New()
	e.GET("/users/:id", func(c echo.Context) error { return c.JSON(http.StatusOK, map[string]string{"id": c.Param("id")}) })
	e.GET("/clock", func(c echo.Context) error { clock(c.Response(), c.Request()); return nil })

	return map[string]http.Handler{"gin": newRouter(), "ServeMux": mux, "chi": c, "echo": e}
}

// TestRouters: whatever a service is written with, it is found, it leaves without a
// failed call, and its streams do not look as if they had ended.
func TestRouters(t *testing.T) {
	t.Parallel()
	for name, h := range routers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var registry sdtest.Memory
			leaves, stays := serve(t, &registry, h), serve(t, &registry, h)
			client, pool := newClient(t, &registry)
			for ids, _ := pool.Endpoints(); len(ids) < 2; ids, _ = pool.Endpoints() {
				time.Sleep(time.Millisecond)
			}
			var streams []*http.Response
			for range 2 { // one at each
				resp, err := client.Get("http://users/clock") //nolint:bodyclose // at the end of the test
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(resp.Body, make([]byte, len(time.StampMilli)+1)); err != nil {
					t.Fatal(err)
				}
				streams = append(streams, resp) //nolint:bodyclose // at the end of the test
			}
			leaves.stop()
			for left := false; !left; {
				select {
				case err := <-leaves.result:
					if err != nil {
						t.Errorf("stopped with %v", err)
					}
					left = true
				default:
					get(t, client)
				}
			}
			get(t, client)
			stays.stop()
			for _, resp := range streams {
				if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("a stream ended with %v", err)
				}
				_ = resp.Body.Close()
			}
			if err := <-stays.result; err != nil {
				t.Errorf("stopped with %v", err)
			}
		})
	}
}

func get(t *testing.T, client *http.Client) {
	t.Helper()
	resp, err := client.Get("http://users/users/7")
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); strings.TrimSpace(string(body)) != `{"id":"7"}` || resp.StatusCode != http.StatusOK {
		t.Errorf("%s %q, %v", resp.Status, body, err)
	}
}

type process struct {
	stop   context.CancelFunc
	result chan error
}

// serve starts an instance.
func serve(t *testing.T, registry *sdtest.Memory, h http.Handler) process {
	t.Helper()
	l, err := transport.Listen("listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(l, registry.Holder("users"), h, kithttp.Config{StreamGrace: time.Millisecond})
	cfg.Propagation = time.Second
	ctx, cancel := context.WithCancel(context.Background())
	p := process{cancel, make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.result <- transport.Serve(ctx, cfg)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return p
}

// newClient is a plain http.Client of all instances.
func newClient(t *testing.T, registry *sdtest.Memory) (*http.Client, *lb.Pool) {
	t.Helper()
	instances := sd.NewInstancer(registry.Watcher("users"), sd.InstancerConfig{Protection: sd.Off})
	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{})
	t.Cleanup(func() {
		_ = pool.Close()
		instances.Stop()
	})
	call := retry.New(retry.Config{Idempotent: true, Streams: true})(lb.Endpoint(lb.NewRoundRobin(pool)))
	return &http.Client{Transport: kithttp.NewRoundTripper(call)}, pool
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"-registry is missing": nil,
		"not defined":          {"-port", "80"},
		"invalid target":       {"-registry", "nosuch://a/b"},
		"-listen":              {"-registry", "etcd://127.0.0.1:2379/users", "-listen", "nowhere"},
	} {
		if err := run(t.Context(), args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v; want %q", args, err, want)
		}
	}
}
