package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// ErrEnded is what became of a process that should be running.
var ErrEnded = errors.New("ended")

// Config says what to run.
type Config struct {
	Name           string    // for errors; that of the program if empty
	Dir            string    // where it runs; here if empty
	Args           []string  // the program and its arguments
	Env            []string  // what its environment has besides kitgen's
	Stdout, Stderr io.Writer // nowhere if nil; a file is handed to it as it is
}

// Process is a child. Its methods are safe for concurrent use.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; read after done
}

// outlived bounds how long the end of a process waits for those who inherited
// its output.
const outlived = time.Second

// Start starts a program.
func Start(cfg Config) (*Process, error) {
	cmd := exec.Command(cfg.Args[0], cfg.Args[1:]...) //nolint:noctx // it ends by Signal, also where a context could not end it
	cmd.Dir, cmd.Stdout, cmd.Stderr = cfg.Dir, cfg.Stdout, cfg.Stderr
	cmd.Env = append(os.Environ(), cfg.Env...)
	cmd.SysProcAttr, cmd.WaitDelay = attributes(), outlived
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.done)
		// Linux takes the end of the thread that forked for the parent's death.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		if cfg.Name == "" {
			cfg.Name = cfg.Args[0]
		}
		return nil, fmt.Errorf("start %s: %w", cfg.Name, err)
	}
	return p, nil
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal. To a process that has ended it is os.ErrProcessDone.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Done is closed when the process has ended and all it printed was written.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running says whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Err is how the process ended, nil if it ended well. It waits for that.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Kill ends the process, also one that is frozen, and waits for it.
func (p *Process) Kill() {
	if p == nil {
		return
	}
	if err := p.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return
	}
	<-p.done
}
