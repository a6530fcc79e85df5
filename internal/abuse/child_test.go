package abuse

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kittls"
)

// childEnv turns this test binary into the service; its value is an options.
const childEnv = "KITGEN_ABUSE_CHILD"

func TestMain(m *testing.M) {
	for env, program := range map[string]func(string) error{childEnv: serve, toolEnv: tool} {
		if value := os.Getenv(env); value != "" {
			if err := program(value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	goleak.VerifyTestMain(m)
}

// options is what a child is told.
type options struct {
	Cert, Key, CA string
	ReadHeader    time.Duration // the defaults of kithttp if zero
	Read          time.Duration
}

// item is what the service takes and gives back.
type item struct {
	Text string `json:"text"`
}

// serve is the child. It ends when its parent closes its input, or dies.
func serve(raw string) error {
	var o options
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return err
	}
	logger := log.NewLogfmtLogger(log.NewSyncWriter(os.Stderr))
	certs, err := kittls.Server(kittls.ServerConfig{Cert: o.Cert, Key: o.Key, ClientCA: o.CA, Clients: []string{"dns:caller"}, Logger: logger})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	web, err := transport.Listen("http", "127.0.0.1:0")
	if err != nil {
		return err
	}
	rpc, err := transport.Listen("grpc", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /echo", kithttp.NewServer(func(_ context.Context, request any) (any, error) { return request, nil }, kithttp.DecodeJSON[item]))
	g := kitgrpc.NewServer(kitgrpc.Config{TLS: certs.TLS(), Logger: logger})
	g.RegisterService(&echo, nil)
	return transport.Serve(ctx, transport.Config{
		Servers: []transport.Server{
			kithttp.Server(web, mux, kithttp.Config{TLS: certs.TLS(), Logger: logger, ReadHeaderTimeout: o.ReadHeader, ReadTimeout: o.Read}),
			g.On(rpc),
		},
		Registrar:   announcing(fmt.Sprintf("ready %s %s\n", web.Addr(), rpc.Addr())),
		Propagation: -1,
		Drain:       20 * time.Second,
	})
}

// announcing is a registry that tells the parent.
type announcing string

func (a announcing) Register() { fmt.Print(string(a)) }
func (announcing) Deregister() {}

const say = "/abuse.Echo/Say"

var echo = grpc.ServiceDesc{
	ServiceName: "abuse.Echo", HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Say", Handler: func(srv any, ctx context.Context, dec func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.StringValue)
		if err := dec(in); err != nil {
			return nil, err
		}
		return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: say}, func(_ context.Context, request any) (any, error) { return request, nil })
	}}},
}

// service is a child that runs, and whom everybody trusts around it.
type service struct {
	http, grpc string // where it listens
	trust      *trust
	log        *output
	*options
}

// trust is a CA, and the folder with its files.
type trust struct {
	dir string
	*servers.CA
}

func newTrust(t *testing.T) *trust {
	t.Helper()
	dir := t.TempDir()
	ca, err := servers.NewCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &trust{dir, ca}
}

// issue makes a certificate for a DNS name.
func (tr *trust) issue(t *testing.T, name string, validFor time.Duration) servers.Pair {
	t.Helper()
	pair, err := tr.Issue(name, validFor, name)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// client is for calls to addsvc by the holder of pair.
func (tr *trust) client(t *testing.T, pair servers.Pair) *kittls.Certs {
	t.Helper()
	c, err := kittls.Client(kittls.ClientConfig{CA: tr.File, Cert: pair.Cert, Key: pair.Key, Servers: []string{"dns:addsvc"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a service as name, which ends with the test.
func start(t *testing.T, tr *trust, name string, o options) *service {
	t.Helper()
	pair := tr.issue(t, name, time.Hour)
	if o.Cert == "" {
		o.Cert, o.Key, o.CA = pair.Cert, pair.Key, tr.File
	}
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(raw))
	told := new(output)
	cmd.Stderr = told
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the service ended by %v:\n%s", err, told)
		}
		if t.Failed() {
			t.Logf("the service said:\n%s", told)
		}
	})
	s := &service{trust: tr, log: told, options: &o}
	line, err := bufio.NewReader(out).ReadString('\n')
	if _, scanErr := fmt.Sscanf(line, "ready %s %s", &s.http, &s.grpc); err != nil || scanErr != nil {
		t.Fatalf("the service did not start: %v\n%s", errors.Join(err, scanErr), told)
	}
	return s
}

// output is what a child says, its end.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := strings.SplitAfter(o.buf.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "")
}
