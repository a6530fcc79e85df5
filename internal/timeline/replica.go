package timeline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// replica is an instance's process, as the stage sees it.
type replica struct {
	id      string
	cmd     *exec.Cmd
	stdin   io.Closer // it ends when this is closed
	started time.Time
	gone    chan struct{} // closed once it is reaped and its output is read
	ended   time.Time     // valid after gone
	stderr  bytes.Buffer  // valid after gone

	mu     sync.Mutex           // guards events
	events map[string]time.Time // the first of each name
}

// launch starts an instance. Whoever calls it ends it.
func launch(id, target string, propagation time.Duration, rec *recorder) (*replica, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, Command, "-target", target, "-id", id, "-propagation", propagation.String()) //nolint:gosec,noctx // ourselves; end ends it
	r := &replica{id: id, cmd: cmd, gone: make(chan struct{}), events: map[string]time.Time{}}
	cmd.Stderr = &r.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.stdin, r.started = stdin, time.Now()
	rec.addLane(id)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start instance %s: %w", id, err)
	}
	go func() {
		defer close(r.gone)
		r.listen(stdout, rec)
		_ = cmd.Wait() // how it ended is in ProcessState
		r.ended = time.Now()
	}()
	return r, nil
}

// listen reads what the instance prints, until it ends.
func (r *replica) listen(out io.Reader, rec *recorder) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // a runtime's last words; they are on the error output too
		}
		if e.Addr != "" {
			rec.setAddr(r.id, e.Addr)
		}
		r.mu.Lock()
		if _, have := r.events[e.Name]; !have {
			r.events[e.Name] = e.At
		}
		r.mu.Unlock()
	}
}

// at is when the instance said so; ok is false if it has not yet.
func (r *replica) at(event string) (at time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok = r.events[event]
	return at, ok
}

// term asks it to leave.
func (r *replica) term() error { return r.cmd.Process.Signal(syscall.SIGTERM) }

// over says whether the process has ended, and how, if that was not well.
func (r *replica) over() (bool, error) {
	select {
	case <-r.gone:
	default:
		return false, nil
	}
	if !r.cmd.ProcessState.Success() {
		return true, fmt.Errorf("instance %s ended: %s: %s", r.id, r.cmd.ProcessState, &r.stderr)
	}
	return true, nil
}

// end ends it, however it is, and joins what waits for it.
func (r *replica) end() {
	_ = r.stdin.Close()
	_ = r.cmd.Process.Kill() // fails only if it is gone already
	<-r.gone
}
