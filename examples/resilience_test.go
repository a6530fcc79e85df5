package examples

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// item is the request of the page's service, and its answer.
type item struct {
	Name  string `json:"name"`
	Batch bool   `json:"batch,omitempty"` // a job asks, and nobody waits
}

// calling is the code of docs/resilience.md for a client; use is given its
// endpoints.
func calling(ctx context.Context, instances kitsd.Instancer, factory kitsd.Factory, use func(stack *middleware.ClientStack, get, order endpoint.Endpoint)) error {
	stack, err := middleware.Client(middleware.ClientConfig{
		Service:  "prices",
		Timeout:  timeout.Config{Timeout: 500 * time.Millisecond},
		Throttle: &throttle.Config{K: 1.5},
		Bulkhead: &bulkhead.Config{MaxInFlight: 40},
		Retry:    retry.Config{AttemptTimeout: 100 * time.Millisecond},
		Methods: map[string]middleware.MethodConfig{
			"Get": {Retry: retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}}},
		},
		Known: []string{"Get", "Order"},
	})
	if err != nil {
		return err // every mistake and every contradiction, with the field and the mend
	}
	defer stack.Close()
	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: stack.Guard})
	defer pool.Close()
	if err := pool.WaitReady(ctx); err != nil { // or calls fail with lb.ErrNoEndpoints until an instance is known
		return err
	}
	pick := lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))
	get, order := stack.Method("Get")(pick), stack.Method("Order")(pick)
	use(stack, get, order)
	return nil
}

// serving is the code of docs/resilience.md for a server.
func serving(get endpoint.Endpoint, mux *http.ServeMux) (*middleware.ServerStack, error) {
	stack, err := middleware.Server(middleware.ServerConfig{
		Service: "prices",
		Timeout: timeout.Config{Timeout: 500 * time.Millisecond}, // of callers who do not say how long they wait
		Shed:    &shed.Config{Priority: priority},
		Limit:   &limit.Config{},
	})
	if err != nil {
		return nil, err
	}
	mux.Handle("POST /get", kithttp.NewServer(stack.Method("Get")(get), kithttp.DecodeJSON[item]))
	return stack, nil
}

// goKitServer is the code of docs/resilience.md for a service that has go-kit's own
// HTTP server.
func goKitServer(stack *middleware.ServerStack, get endpoint.Endpoint, decode httptransport.DecodeRequestFunc, mux *http.ServeMux) {
	mux.Handle("POST /get", httptransport.NewServer(stack.Method("Get")(get), decode, httptransport.EncodeJSONResponse,
		httptransport.ServerBefore(kithttp.ReceiveCall),
		httptransport.ServerErrorEncoder(kithttp.EncodeError)))
}

// goKitFactory is the same for go-kit's own HTTP client.
func goKitFactory(instance string) (endpoint.Endpoint, io.Closer, error) {
	target := &url.URL{Scheme: "http", Host: instance, Path: "/get"}
	decode := func(_ context.Context, r *http.Response) (any, error) {
		if r.StatusCode != http.StatusOK {
			return nil, &kithttp.Error{Status: r.StatusCode, Message: r.Status}
		}
		var response item
		err := json.NewDecoder(r.Body).Decode(&response)
		return response, err
	}
	client := httptransport.NewClient(http.MethodPost, target, httptransport.EncodeJSONRequest, decode,
		httptransport.ClientBefore(kithttp.SendCall))
	return client.Endpoint(), nil, nil
}

func priority(_ context.Context, request any) shed.Priority {
	if request.(item).Batch {
		return shed.Sheddable
	}
	return shed.Normal
}

// opinion is the code of docs/resilience.md for another opinion on an error.
func opinion(errLocked error) classify.Func {
	return func(ctx context.Context, response any, err error) classify.Outcome {
		if errors.Is(err, errLocked) {
			return classify.Success // the instance is well: it says who has the lock
		}
		return classify.Default(ctx, response, err)
	}
}

func resiliencePage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/resilience.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// TestTheCodeOfTheResiliencePageRuns calls its server by its client, and wants
// the stacks to be as the page draws them.
func TestTheCodeOfTheResiliencePageRuns(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	server, err := serving(func(_ context.Context, request any) (any, error) { return request, nil }, mux)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(mux)
	defer s.Close()
	instances := sd.NewInstancer(sd.Fixed{{Addr: strings.TrimPrefix(s.URL, "http://")}}, sd.InstancerConfig{})
	defer instances.Stop()
	factory := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[item](c, http.MethodPost, base, "/get")
	}, kithttp.ClientConfig{})
	page := resiliencePage(t)
	err = calling(t.Context(), instances, factory, func(stack *middleware.ClientStack, get, order endpoint.Endpoint) {
		for i, call := range []endpoint.Endpoint{get, order} {
			response, err := call(t.Context(), item{Name: "tea", Batch: true})
			if err != nil || response != (item{Name: "tea", Batch: true}) {
				t.Errorf("endpoint %d: %v, %v", i, response, err)
			}
		}
		for _, drawn := range []string{stack.String(), server.String()} {
			if !strings.Contains(page, "```text\n"+drawn+"```") {
				t.Errorf("the page does not show this stack:\n%s", drawn)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// TestGoKitsOwnTransportTakesPart has a server fail once: the call is made again,
// and the server knows how often and for how long.
func TestGoKitsOwnTransportTakesPart(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	var bounded atomic.Bool
	server, err := middleware.Server(middleware.ServerConfig{Timeout: timeout.Config{Timeout: -1}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	goKitServer(server, func(ctx context.Context, request any) (any, error) {
		if calls.Add(1) == 1 {
			return nil, &kithttp.Error{Status: http.StatusServiceUnavailable}
		}
		_, ok := ctx.Deadline()
		bounded.Store(ok)
		return request, nil
	}, kithttp.DecodeJSON[item], mux)
	s := httptest.NewServer(mux)
	defer s.Close()
	stack, err := middleware.Client(middleware.ClientConfig{Retry: retry.Config{Idempotent: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	pool := lb.NewPool(kitsd.FixedInstancer{strings.TrimPrefix(s.URL, "http://")}, goKitFactory, lb.PoolConfig{Guard: stack.Guard})
	defer pool.Close()
	if err := pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	call := stack.Method("Get")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	response, err := call(t.Context(), item{Name: "tea"})
	if err != nil || response != (item{Name: "tea"}) || calls.Load() != 2 || !bounded.Load() {
		t.Errorf("%v, %v after %d calls; the second with a deadline: %t", response, err, calls.Load(), bounded.Load())
	}
}

// TestTheOrderOfTheResiliencePage is the one that package middleware draws.
func TestTheOrderOfTheResiliencePage(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("../middleware/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var drawing strings.Builder
	for line := range strings.Lines(string(code)) {
		switch text, drawn := strings.CutPrefix(line, "//\t"); {
		case drawn:
			drawing.WriteString(text)
		case drawing.Len() > 0 && line == "//\n" && !strings.HasSuffix(drawing.String(), "\n\n"):
			drawing.WriteString("\n")
		}
	}
	if want := strings.TrimSpace(drawing.String()); want == "" || !strings.Contains(resiliencePage(t), want) {
		t.Errorf("the page does not have this drawing of package middleware:\n%s", want)
	}
}

func TestTheOpinionOfTheResiliencePage(t *testing.T) {
	t.Parallel()
	errLocked := &kithttp.Error{Status: 503, Code: "locked"}
	judge := opinion(errLocked)
	if got := judge(t.Context(), nil, &kithttp.Error{Status: 503, Code: "locked"}); got != classify.Success {
		t.Errorf("locked: %v", got)
	}
	if got := judge(t.Context(), nil, &kithttp.Error{Status: 503}); got != classify.Failure {
		t.Errorf("503: %v", got)
	}
}

// TestTheTableOfTheResiliencePage has an error for every row, and the row must
// say of it what classify.Default does.
func TestTheTableOfTheResiliencePage(t *testing.T) {
	t.Parallel()
	status := func(s int) error { return &kithttp.Error{Status: s} }
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	rows := []struct {
		what string // how the row begins
		errs []error
		ctx  context.Context
	}{
		{"an answer", []error{nil}, t.Context()},
		{"an error of the business", []error{status(400), status(404), status(409), status(501)}, t.Context()},
		{"the caller left", []error{ended.Err(), io.EOF, status(503)}, ended},
		{"499", []error{status(499), context.Canceled}, t.Context()},
		{"nothing was sent", []error{syscall.ECONNREFUSED, &net.OpError{Op: "dial", Err: io.EOF}, lb.ErrNoEndpoints}, t.Context()},
		{"429", []error{status(429)}, t.Context()},
		{"500", []error{status(500)}, t.Context()},
		{"the rest", []error{status(408), status(502), status(503), status(504), io.EOF, syscall.ECONNRESET, context.DeadlineExceeded, errors.New("unknown")}, t.Context()},
	}
	lines := strings.Split(resiliencePage(t), "\n")
	for _, row := range rows {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| "+row.what) })
		if i < 0 {
			t.Errorf("the page has no row that begins with %q", row.what)
			continue
		}
		says := strings.TrimSpace(strings.Split(lines[i], "|")[2])
		for _, err := range row.errs {
			if got := classify.Default(row.ctx, nil, err).String(); got != says {
				t.Errorf("%v is %s, and the page says %s", err, got, says)
			}
		}
	}
}

// TestTheCommandsOfTheResiliencePageAreTaken gives what the page says to the
// programs, which read the flags up to -h.
func TestTheCommandsOfTheResiliencePageAreTaken(t *testing.T) {
	t.Parallel()
	bin, commands := t.TempDir(), 0
	for _, m := range command.FindAllStringSubmatch(resiliencePage(t), -1) {
		commands++
		for line := range strings.Lines(planned(t, m[1])) {
			words := strings.Fields(line)
			if len(words) > 0 && words[0] == "scripts/bench.sh" { // its program takes minutes to build
				benchTakes(t, words[1:])
				continue
			}
			if len(words) < 3 || words[0] != "go" || words[1] != "run" {
				if len(words) > 0 && words[0] != "echo" {
					t.Errorf("this test does not know how to check %q", line)
				}
				continue
			}
			program := filepath.Join(bin, filepath.Base(words[2]))
			run(t, "go", "build", "-o", program, filepath.Join("..", words[2]))
			run(t, program, append(words[3:], "-h")...)
		}
	}
	if commands == 0 {
		t.Error("the page has no command: the test looks for the wrong thing")
	}
}
