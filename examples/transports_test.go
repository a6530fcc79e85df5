package examples

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	pb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// errNoUser is how docs/transports.md declares an error.
var errNoUser = &transport.Error{Status: http.StatusNotFound, Code: "no_such_user", Message: "no such user"}

// users is the handler of docs/transports.md.
func users(get endpoint.Endpoint) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /get", kithttp.NewServer(get, kithttp.DecodeJSON[item])) // an endpoint
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "7" {
			kithttp.EncodeError(r.Context(), errNoUser, w)
			return
		}
		io.WriteString(w, "Ada\n")
	})
	mux.HandleFunc("GET /news", func(w http.ResponseWriter, r *http.Request) { // a stream
		out := http.NewResponseController(w)
		for n := 0; r.Context().Err() == nil; n++ { // it ends with the client, or when the process stops
			json.NewEncoder(w).Encode(n)
			if out.Flush() != nil {
				return
			}
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
		}
	})
	return mux
}

// servers is how docs/transports.md serves both wires.
func (l life) servers(web, rpc net.Listener, get endpoint.Endpoint, health pb.HealthServer) []transport.Server {
	g := kitgrpc.NewServer(kitgrpc.Config{Logger: l.logger})
	pb.RegisterHealthServer(g, health) // or any other service that protoc generated
	return []transport.Server{
		kithttp.Server(web, users(get), kithttp.Config{Logger: l.logger}),
		g.On(rpc),
	}
}

// byEndpoint is the first door of docs/transports.md.
func byEndpoint(ctx context.Context, target string, schemes ...sd.Scheme) (any, error) {
	instances, err := sd.Open(target, sd.InstancerConfig{Transport: "http"}, schemes...)
	if err != nil {
		return nil, err
	}
	defer instances.Stop()
	stack, err := middleware.Client(middleware.ClientConfig{Service: "users"})
	if err != nil {
		return nil, err
	}
	defer stack.Close()
	pool := lb.NewPool(instances, kithttp.Factory(newUserGet, kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
	defer pool.Close()
	get := stack.Method("Get")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	if err := pool.WaitReady(ctx); err != nil {
		return nil, err
	}
	return get(ctx, item{Name: "Ada"})
}

func newUserGet(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[item](c, http.MethodPost, base, "/get")
}

// byStub is the second door of docs/transports.md.
func byStub(ctx context.Context, target string, schemes ...sd.Scheme) (*pb.HealthCheckResponse, error) {
	stub.Register() // once in a program, first thing in main

	stack, err := middleware.Client(middleware.ClientConfig{Service: "users", Retry: retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}}})
	if err != nil {
		return nil, err
	}
	defer stack.Close()
	opts, err := stub.Dial(stub.Config{Schemes: schemes, Methods: stack.Method})
	if err != nil {
		return nil, err
	}
	cc, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, err
	}
	defer cc.Close()
	return pb.NewHealthClient(cc).Check(ctx, &pb.HealthCheckRequest{}, grpc.WaitForReady(true))
}

// serviceConfig is the same door's, for those who want to say it in gRPC's words.
const serviceConfig = `{
	"loadBalancingConfig": [{"kit_adaptive": {"outlierDetection": {"consecutive": 3}}}],
	"methodConfig": [{
		"name": [{"service": "grpc.health.v1.Health"}],
		"timeout": "2s",
		"retryPolicy": {
			"maxAttempts": 3, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

// byClient is the third door of docs/transports.md.
func byClient(ctx context.Context, target string, use func(*http.Client) error, schemes ...sd.Scheme) error {
	instances, err := sd.Open(target, sd.InstancerConfig{Transport: "http"}, schemes...)
	if err != nil {
		return err
	}
	defer instances.Stop()
	stack, err := middleware.Client(middleware.ClientConfig{
		Service: "users",
		Retry:   retry.Config{Idempotent: true, Streams: true}, // of requests that are: see RequestFactory
		Timeout: timeout.Config{Timeout: -1},                   // it would bound bodies, too; contexts do
	})
	if err != nil {
		return err
	}
	defer stack.Close()
	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
	defer pool.Close()
	call := stack.Method("http")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	if err := pool.WaitReady(ctx); err != nil {
		return err
	}
	return use(&http.Client{Transport: kithttp.NewRoundTripper(call)})
}

// readNews is how docs/transports.md reads a stream.
func readNews(ctx context.Context, c *http.Client, each func(n int) error) error {
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://users/news", http.NoBody)
		if err != nil {
			return err
		}
		resp, err := c.Do(r)
		if err != nil {
			return err
		}
		var n int
		for in := json.NewDecoder(resp.Body); err == nil; {
			if err = in.Decode(&n); err == nil {
				err = each(n)
			}
		}
		resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		// Its instance stopped: again, which is elsewhere.
	}
}

var errRead = errors.New("read enough")

func TestTheCodeOfTheTransportsPageRuns(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	get := func(_ context.Context, request any) (any, error) { return request, nil }
	web, err := transport.Listen("http-addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpc, err := transport.Listen("grpc-addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := health.NewServer()
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	up := make(chan struct{})
	go func() {
		ended <- transport.Serve(serving, transport.Config{
			Servers: life{}.servers(web, rpc, get, h), Registrar: sdRegistrar(func() { close(up) }), Propagation: -1,
		})
	}()
	<-up
	if got, err := byEndpoint(ctx, "static://"+web.Addr().String(), sd.Static()); err != nil || got != (item{Name: "Ada"}) {
		t.Errorf("by an endpoint: %v, %v", got, err)
	}
	if got, err := byStub(ctx, "static:///"+rpc.Addr().String()); err != nil || got.GetStatus() != pb.HealthCheckResponse_SERVING {
		t.Errorf("by a stub: %v, %v", got, err)
	}
	if _, err := stub.Dial(stub.Config{ServiceConfig: serviceConfig}); err != nil {
		t.Error(err)
	}
	err = byClient(ctx, "static://"+web.Addr().String(), func(c *http.Client) error {
		resp, err := c.Get("http://users/users/7")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "Ada\n" {
			t.Errorf("a user: %q, %v", body, err)
		}
		resp, err = c.Get("http://users/users/8")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusNotFound || !strings.Contains(string(body), errNoUser.Code) {
			t.Errorf("nobody: %s %s", resp.Status, body)
		}
		return readNews(ctx, c, func(int) error { return errRead })
	}, sd.Static())
	if !errors.Is(err, errRead) {
		t.Errorf("by an http.Client: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// sdRegistrar is a registry that is told once.
type sdRegistrar func()

func (f sdRegistrar) Register() { f() }
func (sdRegistrar) Deregister() {}

// TestTheTransportsPageNamesWhatThereIs compares its tables with the code.
func TestTheTransportsPageNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("../docs/transports.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), serviceConfig) {
		t.Errorf("the service config of docs/transports.md is not the one that is tested:\n%s", serviceConfig)
	}
}
