package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
	"github.com/kitgen/kitgen/sd"
)

// instance is a child process that serves, as the row sees it.
type instance struct {
	id    string
	addr  string // of HTTP
	rpc   string // of gRPC
	child *child
	owner int           // its index in the history
	heard chan struct{} // closed when its output has ended
	exit  string        // its last words; valid once heard is closed

	obeyed int // orders; guarded by trial.mu
}

// adopt makes r the row's registry, to be closed at its end.
func (t *trial) adopt(r registry) {
	t.registry = r
	t.later(func() error { return t.registry.close() })
}

// fleet starts n instances and a consumer, and returns when everybody is known
// to everybody. From here on the promises are watched.
func (t *trial) fleet(n int) {
	for range n {
		t.another()
	}
	t.watch()
	t.consume()
	t.eventually("all instances are registered, and the consumer knows them", all(t.allListed, t.allKnown))
	if t.door.lasting {
		t.eventually("it is connected to each", t.allAnswer)
	}
	t.history.Before = t.census()
}

// watch starts to record what the registry says.
func (t *trial) watch() {
	ctx, cancel := context.WithCancel(t.ctx)
	t.stop = cancel
	t.jobs.Go(func() { t.record(ctx) })
	t.jobs.Go(func() { t.tick(ctx) })
}

// another starts one more instance with an ID of its own. It does not wait for
// the registration.
func (t *trial) another() *instance {
	in := t.launchAs(sd.NewID(service), nil)
	t.members = append(t.members, in)
	return in
}

// launchAs starts an instance under a given ID that nobody counts on. It gets the
// addresses that old had, as in a deployment; free ones if old is nil.
func (t *trial) launchAs(id string, old *instance) *instance {
	if old == nil {
		old = &instance{addr: "127.0.0.1:0", rpc: "127.0.0.1:0"}
	}
	program := t.program
	if program == "" {
		self, err := os.Executable()
		t.must(err)
		program = self
	}
	target := withParams(t.registry.fleet(), append([]string{"ttl=" + t.ttl.String()}, t.fleetParams...)...)
	cmd := exec.Command(program, "instance", "-target", target, "-id", id, "-listen", old.addr, "-grpc", old.rpc, "-health", t.health) //nolint:gosec,noctx // ourselves; it is ended by name
	logs, err := os.Create(filepath.Join(t.dir, strings.ReplaceAll(id, "/", "_")+fmt.Sprint(time.Now().UnixNano())+".log"))
	t.must(err)
	defer logs.Close() //nolint:errcheck // the child has its own descriptor
	cmd.Stderr = logs
	r, w, err := os.Pipe()
	t.must(err)
	cmd.Stdout = w
	in := &instance{id: id, heard: make(chan struct{})}
	in.child, err = launch(cmd)
	_ = w.Close() // the child's copy counts
	t.must(err)
	t.later(func() error { in.child.kill(); <-in.heard; return nil })
	t.mu.Lock()
	in.owner = len(t.history.Owners)
	t.history.Owners = append(t.history.Owners, history.Owner{ID: id})
	t.mu.Unlock()
	listening := make(chan event, 1)
	go t.listen(in, r, listening)
	select {
	case e := <-listening:
		in.addr, in.rpc = e.Addr, e.GRPC
	case <-in.heard:
		text, _ := os.ReadFile(logs.Name())
		t.fail("instance %s ended before it listened: %s", id, text)
	}
	return in
}

// listen reads what an instance prints, until it ends.
func (t *trial) listen(in *instance, out io.ReadCloser, listening chan<- event) {
	defer close(in.heard)
	defer out.Close()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.violate(fmt.Sprintf("instance %s printed %q", in.id, lines.Text()))
			continue
		}
		now := time.Now() // by our clock
		t.mu.Lock()
		o := &t.history.Owners[in.owner]
		switch e.Event {
		case "listening":
			o.Addr = e.Addr
			listening <- e
		case sd.Registered.String():
			o.Held = append(o.Held, history.Span{From: now})
		case sd.Lost.String(), sd.Unregistered.String():
			if n := len(o.Held); n > 0 && o.Held[n-1].To.IsZero() {
				o.Held[n-1].To = now
			}
		case "obeyed":
			in.obeyed++
		case "stopped":
			in.exit = e.Err
		}
		t.mu.Unlock()
	}
}

// ends notes that an instance is about to end, for whatever reason.
func (t *trial) ends(in *instance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := &t.history.Owners[in.owner]
	o.End = time.Now()
	if n := len(o.Held); n > 0 && o.Held[n-1].To.IsZero() {
		o.Held[n-1].To = o.End
	}
}

// kill ends an instance with SIGKILL.
func (t *trial) kill(in *instance) {
	t.say("kill " + in.id)
	t.since = time.Now()
	t.ends(in)
	in.child.kill()
}

// term asks an instance to leave, with SIGTERM. It does not wait.
func (t *trial) term(in *instance) {
	t.say("SIGTERM to " + in.id)
	t.since = time.Now()
	t.ends(in)
	t.must(in.child.signal(syscall.SIGTERM))
}

// freeze and thaw are SIGSTOP and SIGCONT.
func (t *trial) freeze(in *instance) error { return in.child.signal(syscall.SIGSTOP) }
func (t *trial) thaw(in *instance) error   { return in.child.signal(syscall.SIGCONT) }

// order sends an instance a signal and waits until it says that it has obeyed.
func (t *trial) order(in *instance, s syscall.Signal) error {
	count := func() int {
		t.mu.Lock()
		defer t.mu.Unlock()
		return in.obeyed
	}
	before := count()
	if err := in.child.signal(s); err != nil {
		return err
	}
	t.eventually("it has obeyed", func() bool { return count() > before })
	return nil
}

// tell sends an instance one of its commands.
func (t *trial) tell(in *instance, command string) error {
	_, err := fetch(t.ctx, http.MethodPost, "http://"+in.addr+"/"+command)
	return err
}

func fetch(ctx context.Context, method, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, b)
	}
	return b, err
}
