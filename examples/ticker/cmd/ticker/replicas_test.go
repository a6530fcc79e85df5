//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/file"

	"github.com/kitgen/kitgen/examples/ticker"
)

// TestMain makes the test's binary the program itself, so that replicas are
// built as the test is, with the race detector if it has that.
func TestMain(m *testing.M) {
	if os.Getenv("TICKER_REPLICA") != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestNoCallIsLost kills one of three replicas and stops another, under load:
// every call of ask must end as the first one did. The test itself is the registry, and
// slower to take a replica out of it than etcd is.
func TestNoCallIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("runs three processes for some seconds")
	}
	list := filepath.Join(t.TempDir(), "ticker.json")
	a, b, c := start(t), start(t), start(t)
	announce(t, list, a, b, c)
	load := newLoad(t, dial(t, list))
	defer load.end()
	load.more()

	a.end(t, syscall.SIGKILL)
	load.more() // a is still listed
	announce(t, list, b, c)
	load.more()

	if code := b.end(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	load.more()
	announce(t, list, c)
	load.more()
}

// replica is one process of the service.
type replica struct {
	cmd  *exec.Cmd
	addr string
	done chan struct{} // closed when it has ended
}

// start returns once the replica serves. What it warns of is in the test's log.
func start(t *testing.T) *replica {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TICKER_REPLICA=1", "TICKER_REGISTRY=none", "TICKER_DEBUG_ADDR=none",
		"TICKER_HTTP_ADDR=127.0.0.1:0", "TICKER_GRPC_ADDR=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r, serves := &replica{cmd: cmd, done: make(chan struct{})}, make(chan string, 1)
	go func() {
		defer close(r.done)
		follow(t, bufio.NewScanner(log), serves)
		_ = cmd.Wait() // its exit code is in ProcessState
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended long ago
		<-r.done
	})
	if r.addr = <-serves; r.addr == "" {
		t.Fatal("the replica ended before it served")
	}
	return r
}

var listening = regexp.MustCompile(`msg=listening server=grpc addr=(\S+)`)

// follow sends the address of a replica once its log says that it serves, or
// nothing if it ends before.
func follow(t *testing.T, log *bufio.Scanner, serves chan<- string) {
	defer close(serves)
	addr := ""
	for log.Scan() {
		line := log.Text()
		if m := listening.FindStringSubmatch(line); m != nil {
			addr = m[1]
		}
		if strings.Contains(line, "msg=serving") {
			serves <- addr
		}
		if !strings.HasPrefix(line, "level=info") {
			t.Log(line)
		}
	}
}

// end sends the replica a signal and returns its exit code.
func (r *replica) end(t *testing.T, s os.Signal) int {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	<-r.done
	return r.cmd.ProcessState.ExitCode()
}

// announce has the client hear that these replicas, and no others, are there.
func announce(t *testing.T, list string, replicas ...*replica) {
	t.Helper()
	var there []sd.Instance
	for _, r := range replicas {
		there = append(there, sd.Instance{Addr: r.addr})
	}
	if err := file.Write(list, there); err != nil {
		t.Fatal(err)
	}
}

func dial(t *testing.T, list string) *ticker.Client {
	t.Helper()
	instances := sd.NewInstancer(file.NewWatcher(list, file.Config{}), sd.InstancerConfig{})
	t.Cleanup(instances.Stop)
	client, err := ticker.NewClient(instances, ticker.GRPCFactory(), ticker.ClientConfig{
		Stack: middleware.ClientConfig{Methods: map[string]middleware.MethodConfig{
			asked: {Retry: retry.Config{Idempotent: true}}, // here a call may run twice, whatever the interface says
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := client.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return client
}
