package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
)

// The life of a replica, as its user and its callers see it. Times are logged,
// not asserted.
func TestAReplicaAppearsServesAndLeaves(t *testing.T) {
	bin := newGreeter(t)
	registry := servers.Etcd(t, servers.Options{}).Endpoint()
	seen := watch(t, registry)

	begin := time.Now()
	p := start(t, bin, "-http-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0", "-advertise", "127.0.0.1", "-registry", "etcd://"+registry+"/greeter")
	in := seen.await(t, 1)[0]
	t.Logf("in etcd %v after its process was started", time.Since(begin))

	if got := greetHTTP(t, in.Meta["http"], "Ada"); got != "Hello, Ada!" {
		t.Errorf("over HTTP it answers %q", got)
	}
	if got := greetGRPC(t, in.Addr, "Ada"); got != "Hello, Ada!" {
		t.Errorf("over gRPC it answers %q", got)
	}

	slow := make(chan string, 2)
	go func() { slow <- greetHTTP(t, in.Meta["http"], "slow") }()
	go func() { slow <- greetGRPC(t, in.Addr, "slow") }()
	time.Sleep(200 * time.Millisecond) // the calls are on their way; later is as good
	begin = time.Now()
	p.terminate(t)
	seen.await(t, 0)
	t.Logf("gone from etcd %v after SIGTERM", time.Since(begin))
	for range 2 {
		if got := <-slow; got != "Hello, slow!" {
			t.Errorf("a call in flight during SIGTERM got %q", got)
		}
	}
	if err := p.wait(t); err != nil {
		t.Errorf("it ended with %v; its log:\n%s", err, p.log)
	}
}

var listening = regexp.MustCompile(`msg=listening server=(\w+) addr=(\S+)`)

// addr is where the process serves a transport, as its log says.
func (p *process) addr(t *testing.T, transport string) string {
	t.Helper()
	p.awaitLog(t, "msg=serving")
	for _, m := range listening.FindAllStringSubmatch(p.log.String(), -1) {
		if m[1] == transport {
			return m[2]
		}
	}
	t.Fatalf("no address of %s in the log:\n%s", transport, p.log)
	return ""
}

func greetHTTP(t *testing.T, addr, name string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return err.Error()
	}
	resp, err := http.Post("http://"+addr+"/greet", "application/json", bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var answer struct{ Greeting string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err.Error()
	}
	return answer.Greeting
}

// greetGRPC calls as a client in any language would, by the .proto alone: its
// request and response each have one string, field 1.
func greetGRPC(t *testing.T, addr, name string) string {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(oneString{})))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	var greeting string
	if err := conn.Invoke(contextFor(t), "/greeter.v1.Greeter/Greet", &name, &greeting); err != nil {
		return err.Error()
	}
	return greeting
}

// oneString encodes a message whose only field is a short string.
type oneString struct{}

func (oneString) Name() string { return "proto" }

func (oneString) Marshal(v any) ([]byte, error) {
	s := *v.(*string)
	return append([]byte{0x0a, byte(len(s))}, s...), nil
}

func (oneString) Unmarshal(b []byte, v any) error {
	if len(b) < 2 || b[0] != 0x0a || int(b[1]) != len(b)-2 {
		return fmt.Errorf("message is not one short string: %x", b)
	}
	*v.(*string) = string(b[2:])
	return nil
}

// sets is what a watcher of the registry says, one set after the other.
type sets chan []sd.Instance

func watch(t *testing.T, registry string) sets {
	t.Helper()
	client, err := clientv3.New(etcd.ClientConfig(registry))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	seen, done := make(sets, 100), make(chan error, 1)
	go func() {
		done <- etcd.NewWatcher(client, "greeter", etcd.Config{}).Watch(ctx, func(set []sd.Instance) { seen <- slices.Clone(set) })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		client.Close()
	})
	return seen
}

// await returns the first set of n instances.
func (s sets) await(t *testing.T, n int) []sd.Instance {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case set := <-s:
			if len(set) == n {
				return set
			}
		case <-deadline:
			t.Fatalf("the registry never had %d instances", n)
		}
	}
}
