package kitdebug_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is all parts of a client, saying what it is told to.
type fake struct {
	explanation sd.Explanation
	nodes       []lb.NodeStats
	picks       []lb.Pick
	stats       middleware.ClientStats
	drawing     string
}

func (f *fake) client(name string) kitdebug.Client {
	return kitdebug.Client{Name: name, Instances: instances{f}, Pool: pool{f}, Stack: stack{f}}
}

type instances struct{ *fake }

func (f instances) Explain() sd.Explanation { return f.explanation }

type pool struct{ *fake }

func (f pool) Nodes() []lb.NodeStats { return f.nodes }
func (f pool) Explain() []lb.Pick    { return f.picks }
func (f pool) Panicking() bool       { return false }

type stack struct{ *fake }

func (f stack) Stats() middleware.ClientStats { return f.stats }
func (f stack) String() string                { return f.drawing }

// parts are real ones of a client whose calls end as told.
type parts struct {
	instances *sd.Instancer
	pool      *lb.Pool
	stack     *middleware.ClientStack
	call      endpoint.Endpoint
}

func newParts(t testing.TB, list sd.Fixed, cfg middleware.ClientConfig, answer func(instance string) error) *parts {
	t.Helper()
	p := &parts{instances: sd.NewInstancer(list, sd.InstancerConfig{})}
	t.Cleanup(p.instances.Stop)
	var err error
	if p.stack, err = middleware.Client(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.stack.Close() })
	p.pool = lb.NewPool(p.instances, func(instance string) (endpoint.Endpoint, io.Closer, error) {
		return func(context.Context, any) (any, error) { return instance, answer(instance) }, nil, nil
	}, lb.PoolConfig{Guard: p.stack.Guard, Explain: 50})
	t.Cleanup(func() { _ = p.pool.Close() })
	p.call = p.stack.Method("Sum")(lb.Endpoint(lb.NewAdaptive(p.pool, lb.AdaptiveConfig{})))
	connected(t, p.pool, len(list))
	return p
}

func connected(t testing.TB, p *lb.Pool, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if all, _ := p.Endpoints(); len(all) == n {
			return
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Fatal("not connected")
		}
	}
}

func (p *parts) client(name string) kitdebug.Client {
	return kitdebug.Client{Name: name, Target: "etcd://root:hunter2@10.0.0.1:2379/" + name, Instances: p.instances, Pool: p.pool, Stack: p.stack}
}

func newPage(t testing.TB, cfg kitdebug.Config) *kitdebug.Page {
	t.Helper()
	p, err := kitdebug.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// get asks h from this machine.
func get(t testing.TB, h http.Handler, url string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	r.Host, r.RemoteAddr = "localhost:6060", "127.0.0.1:40000"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// document is the JSON as a reader sees it.
func document(t testing.TB, h http.Handler, query string) (d map[string]any) {
	t.Helper()
	w := get(t, h, "/debug/kit.json"+query)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at goes down into a document by names and indices.
func at(t testing.TB, v any, path ...any) any {
	t.Helper()
	for i, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("%v is no object", path[:i])
			}
			v = m[step]
		case int:
			a, ok := v.([]any)
			if !ok || step >= len(a) {
				t.Fatalf("%v has no %d", path[:i], step)
			}
			v = a[step]
		}
	}
	return v
}
