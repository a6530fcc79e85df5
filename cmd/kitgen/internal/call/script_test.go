//go:build unix

package call_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/cli"
	"github.com/kitgen/kitgen/internal/servers"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){
		"kitgen": func() { // as main does
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// leakless is a run of tests that fails if it leaves a goroutine behind.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestCalls calls a generated service, examples/ticker, whose processes and
// registries are real.
func TestCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a service and runs it")
	}
	ticker := filepath.Join(t.TempDir(), "ticker")
	examples, err := filepath.Abs("../../../../examples")
	if err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", ticker, "./ticker/cmd/ticker")
	build.Dir = examples
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ca, err := servers.NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server := issue(t, ca, "ticker", "ticker.example")
	caller := issue(t, ca, "caller", "caller.example")
	etcd, consul := servers.Etcd(t, servers.Options{}).Endpoint(), servers.Consul(t, servers.Options{}).Endpoint()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for name, value := range map[string]string{
				"TICKER": ticker, "EXAMPLES": examples, "ETCD": etcd, "CONSUL": consul,
				"CA": ca.File, "CERT": server.Cert, "KEY": server.Key, "CALLER_CERT": caller.Cert, "CALLER_KEY": caller.Key,
			} {
				env.Setenv(name, value)
			}
			env.Values["watcher"] = new(watcher)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve":       serve,
			"instances":   instances,
			"exits":       exits,
			"watch":       watch,
			"seen":        seen,
			"interrupted": interrupted,
		},
	})
}

func issue(t *testing.T, ca *servers.CA, name, host string) servers.Pair {
	t.Helper()
	pair, err := ca.Issue(name, time.Hour, host)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// hang is when a test gives up on something that should have happened.
const hang = 2 * time.Minute

var listening = regexp.MustCompile(`msg=listening server=(http|grpc) addr=(\S+)`)

// serve starts a ticker beside the script, and says in $HTTP and $GRPC where it is.
//
//	serve -registry none
func serve(ts *testscript.TestScript, _ bool, args []string) {
	path := filepath.Join(ts.Getenv("WORK"), fmt.Sprintf("ticker-%d.log", time.Now().UnixNano()))
	log, err := os.Create(path)
	ts.Check(err)
	defer log.Close()
	cmd := exec.Command(ts.Getenv("TICKER"), append([]string{"-http-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0", "-advertise", "127.0.0.1", "-debug-addr", "none"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	ts.Check(cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	for deadline := time.Now().Add(hang); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(path)
		ts.Check(err)
		if strings.Contains(string(text), "msg=serving") {
			for _, m := range listening.FindAllStringSubmatch(string(text), -1) {
				ts.Setenv(strings.ToUpper(m[1]), m[2])
			}
			return
		}
	}
	ts.Fatalf("it does not serve:\n%s", ts.ReadFile(path))
}

// instances writes a file that lists some.
//
//	instances FILE 127.0.0.1:8081
func instances(ts *testscript.TestScript, _ bool, args []string) {
	list := []map[string]string{}
	for _, addr := range args[1:] {
		list = append(list, map[string]string{"addr": addr})
	}
	text, err := json.Marshal(list)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

// exits runs a program that must end with a certain code.
//
//	exits 4 kitgen call Nothing
func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// watcher is a call that goes on beside the script.
type watcher struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

func of(ts *testscript.TestScript) *watcher { return ts.Value("watcher").(*watcher) }

// watch starts kitgen.
//
//	watch call Watch
func watch(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath("kitgen")
	ts.Check(err)
	w := of(ts)
	w.cmd = exec.Command(path, args...)
	w.cmd.Dir = ts.MkAbs(".")
	out, err := w.cmd.StdoutPipe()
	ts.Check(err)
	w.out = bufio.NewScanner(out)
	ts.Check(w.cmd.Start())
	ts.Defer(func() { _ = w.cmd.Process.Kill() })
}

// seen waits for a line of what is watched.
//
//	seen '"symbol":"GOOG"'
func seen(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	w := of(ts)
	giveUp := time.AfterFunc(hang, func() { _ = w.cmd.Process.Kill() })
	defer giveUp.Stop()
	for w.out.Scan() {
		if want.MatchString(w.out.Text()) {
			return
		}
	}
	ts.Fatalf("%s was never printed", args[0])
}

// interrupted presses Ctrl-C, upon which what is watched ends with a code.
//
//	interrupted 1
func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	w := of(ts)
	ts.Check(w.cmd.Process.Signal(os.Interrupt))
	giveUp := time.AfterFunc(hang, func() { _ = w.cmd.Process.Kill() })
	defer giveUp.Stop()
	_ = w.cmd.Wait()
	if code := fmt.Sprint(w.cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("it ended with %s, want %s", code, args[0])
	}
}
