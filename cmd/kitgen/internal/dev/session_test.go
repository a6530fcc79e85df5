//go:build unix

package dev_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
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
		"orphan": func() { // does nothing until it is killed
			for {
				time.Sleep(time.Hour)
			}
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

// TestSessions plays sessions with real processes, one per file of
// testdata/script, and types what a user would.
func TestSessions(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles services and runs them")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup:               goEnv,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"dev":    devCommand,
			"logged": logged,
			"type":   typeLine,
			"signal": signalDev,
			"ended":  ended,
			"until":  until,
			"edit":   edit,
			"gone":   gone,
			"exits":  exits,
			"port":   port,
			"consul": consul,
		},
	})
}

// goEnv lets scripts use the go command with the machine's caches.
func goEnv(env *testscript.Env) error {
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		env.Setenv(name, strings.TrimSpace(string(value)))
	}
	env.Setenv("GOWORK", "off")
	env.Values["session"] = &session{}
	return nil
}

// hang is when a test gives up on something that should have happened.
const hang = 3 * time.Minute

// session is the kitgen dev of a script.
type session struct {
	cmd  *exec.Cmd
	in   *os.File
	log  string // path
	read int    // of the log
	done chan struct{}
	err  error // read after done
}

func of(ts *testscript.TestScript) *session { return ts.Value("session").(*session) }

// devCommand starts kitgen dev beside the script.
//
//	dev --replicas 3
func devCommand(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	s.log, s.read = ts.MkAbs("dev.log"), 0
	log, err := os.Create(s.log)
	ts.Check(err)
	defer log.Close()
	stdin, in, err := os.Pipe()
	ts.Check(err)
	defer stdin.Close()
	path, err := exec.LookPath("kitgen")
	ts.Check(err)
	s.in, s.done = in, make(chan struct{})
	s.cmd = exec.Command(path, append([]string{"dev"}, args...)...)
	s.cmd.Dir, s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = ts.MkAbs("."), stdin, log, log
	for _, name := range []string{"HOME", "PATH", "TMPDIR", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOWORK"} {
		s.cmd.Env = append(s.cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(s.cmd.Start())
	go func() {
		defer close(s.done)
		s.err = s.cmd.Wait()
	}()
	ts.Defer(func() {
		_ = s.cmd.Process.Kill()
		<-s.done
		s.in.Close()
	})
}

// logged waits until the session has logged what matches, after all that was
// waited for before.
//
//	logged 'greeter-1 registered'
func logged(ts *testscript.TestScript, _ bool, args []string) {
	s, want := of(ts), regexp.MustCompile("(?m)"+args[0])
	for deadline := time.Now().Add(hang); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(s.log)
		ts.Check(err)
		if at := want.FindIndex(text[s.read:]); at != nil {
			s.read += at[1]
			return
		}
		select {
		case <-s.done:
			ts.Fatalf("the session ended (%v) and never logged %q:\n%s", s.err, args[0], text)
		default:
		}
	}
	text, _ := os.ReadFile(s.log)
	ts.Fatalf("the session never logged %q:\n%s", args[0], text)
}

// typeLine types a line at the session's prompt.
func typeLine(ts *testscript.TestScript, _ bool, args []string) {
	_, err := fmt.Fprintln(of(ts).in, strings.Join(args, " "))
	ts.Check(err)
}

// signalDev sends the session INT, TERM or KILL.
func signalDev(ts *testscript.TestScript, _ bool, args []string) {
	sig := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[0]]
	ts.Check(of(ts).cmd.Process.Signal(sig))
}

// ended waits for the session's end and checks its exit code; -1 for one that
// was killed.
func ended(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	select {
	case <-s.done:
	case <-time.After(hang):
		ts.Fatalf("the session did not end")
	}
	if got := strconv.Itoa(s.cmd.ProcessState.ExitCode()); got != args[0] {
		text, _ := os.ReadFile(s.log)
		ts.Fatalf("the session ended with %s, want %s:\n%s", got, args[0], text)
	}
}

// until runs a program again and again until its output matches.
//
//	until 'Hi, Ada' kitgen call Greet name=Ada
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	for deadline := time.Now().Add(hang); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%s never printed %q, but\n%s%s", strings.Join(args[1:], " "), args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
}

// edit saves a file with OLD replaced by NEW, as editors do that write another
// file first and rename it.
//
//	edit FILE OLD NEW
func edit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	lines := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	changed := strings.Replace(text, lines.Replace(args[1]), lines.Replace(args[2]), 1)
	if changed == text {
		ts.Fatalf("%s has no %q:\n%s", args[0], args[1], text)
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path+"~", []byte(changed), 0o600))
	ts.Check(os.Rename(path+"~", path))
}

// gone waits until no process of the session's replicas is left.
func gone(ts *testscript.TestScript, _ bool, _ []string) {
	for _, pid := range pids(ts) {
		for deadline := time.Now().Add(hang); ; time.Sleep(20 * time.Millisecond) {
			if syscall.Kill(pid, 0) != nil {
				break
			}
			if time.Now().After(deadline) {
				ts.Fatalf("process %d is still there", pid)
			}
		}
	}
}

var pidLine = regexp.MustCompile(`(?m)^kitgen +\| .*\bpid (\d+)`)

// pids are those of every replica that the session ever had.
func pids(ts *testscript.TestScript) []int {
	text, err := os.ReadFile(of(ts).log)
	ts.Check(err)
	var all []int
	for _, m := range pidLine.FindAllStringSubmatch(string(text), -1) {
		pid, err := strconv.Atoi(m[1])
		ts.Check(err)
		all = append(all, pid)
	}
	if len(all) == 0 {
		ts.Fatalf("no replica in the log:\n%s", text)
	}
	return all
}

// exits runs a program that must end with a certain code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// port sets a variable to a loopback address that nobody listens on.
func port(ts *testscript.TestScript, _ bool, args []string) {
	addrs, err := child.FreePorts(1)
	ts.Check(err)
	ts.Setenv(args[0], addrs[0])
}

// consul starts a Consul agent and sets a variable to its address.
func consul(ts *testscript.TestScript, _ bool, args []string) {
	agent, err := servers.StartConsul(context.Background(), servers.Options{})
	ts.Check(err)
	ts.Defer(func() { ts.Check(agent.Close()) })
	ts.Setenv(args[0], agent.Endpoint())
}
