package stub_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// TestLoadReports: who says that it is used less gets more calls, in proportion.
func TestLoadReports(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 2)
	for i, b := range all {
		said := metadata.Pairs("endpoint-load-metrics-bin", string(append(double(6, 100), double(9, []float64{0.1, 0.9}[i])...)))
		b.answers(func(ctx context.Context, _ string) (string, error) { return b.addr, grpc.SetTrailer(ctx, said) })
	}
	cc := dial(t, "static:///"+addrs(all...), stub.Config{ServiceConfig: `{"loadBalancingConfig": [{"kit_weighted_round_robin": {
		"loadReports": {"blackout": "1ms", "period": "100ms"}}}]}`})
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for {
		seen := map[string]int{}
		for range 100 {
			who, err := ask(ctx, cc)
			if err != nil {
				t.Fatalf("after %v: %v", seen, err)
			}
			seen[who]++
		}
		if n := seen[all[0].addr]; n >= 89 && n <= 91 { // 100/0.1 to 100/0.9
			return
		}
	}
}

// double is a field of a protobuf message.
func double(num byte, x float64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{num<<3 | 1}, math.Float64bits(x))
}

// lines is a logger for a test.
type lines struct {
	mu  sync.Mutex // guards all
	all []string
}

func (l *lines) Log(keyvals ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprint(keyvals...))
	return nil
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.all, "\n"), text)
}

// TestProbing asks servers how busy they are, over the connections there are.
func TestProbing(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var targets []string
	for range 2 {
		l, err := transport.Listen("addr", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b := &backend{addr: l.Addr().String()}
		s := kitgrpc.NewServer(kitgrpc.Config{Load: new(kitgrpc.Meter)}, grpc.ChainUnaryInterceptor(
			func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				if info.FullMethod != say {
					asked.Add(1)
				}
				return handler(ctx, req)
			}))
		b.register(s)
		on := s.On(l)
		var served sync.WaitGroup
		served.Go(func() { _ = on.Serve(new(transport.Ready)) })
		t.Cleanup(func() {
			s.Stop()
			served.Wait()
		})
		targets = append(targets, b.addr)
	}
	heard := new(lines)
	cc := dial(t, "static:///"+strings.Join(targets, ","), stub.Config{Logger: heard, ServiceConfig: `{"loadBalancingConfig": [{"kit_probing": {"timeout": "1m"}}]}`})
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for asked.Load() < 10 {
		if _, err := ask(ctx, cc); err != nil {
			t.Fatal(err)
		}
	}
	if heard.has("does not say how busy it is") {
		t.Errorf("log: %v", heard.all)
	}
}

// TestOutliersAreEjected without a word of it in the service config.
func TestOutliersAreEjected(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 3)
	pools := make(chan *lb.Pool, 1)
	cc := dial(t, "static:///"+addrs(all...), stub.Config{Balancer: "random", OnPool: func(p *lb.Pool) { pools <- p }})
	reach(t, cc, all...)
	all[0].answers(func(context.Context, string) (string, error) { return "", context.DeadlineExceeded })
	pool := <-pools
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for {
		_, _ = ask(ctx, cc)
		for _, n := range pool.Nodes() {
			if n.ID == all[0].addr && n.Ejected > 0 {
				return
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("nobody is ejected of %+v", pool.Nodes())
		}
	}
}
