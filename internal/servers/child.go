package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// child is a running process and the goroutine that waits for it.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once the process is gone and reaped
}

// startChild starts cmd in a process group of its own, bound to our life.
//
// The goroutine keeps its thread until the child is gone, because Linux sends
// the parent-death signal when the thread that forked ends, not the process.
func startChild(cmd *exec.Cmd) (*child, error) {
	cmd.SysProcAttr = bound()
	c := &child{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(c.exited)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // how it ended is in ProcessState
		}
	}()
	if err := <-started; err != nil {
		<-c.exited
		return nil, err
	}
	return c, nil
}

// state says how the process ended; call it after exited is closed.
func (c *child) state() error { return errors.New(c.cmd.ProcessState.String()) }

func (c *child) alive() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// signal reaches the whole group.
func (c *child) signal(s syscall.Signal) error {
	if !c.alive() {
		return fmt.Errorf("%w: %w", ErrDown, c.state())
	}
	return syscall.Kill(-c.cmd.Process.Pid, s)
}

func (c *child) freeze() error {
	if err := c.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return awaitStopped(c.cmd.Process.Pid)
}

func (c *child) thaw() error { return c.signal(syscall.SIGCONT) }

// kill ends the process, frozen or not, and joins its goroutine.
func (c *child) kill() {
	// It fails only if the process is gone already, which is what we want.
	c.signal(syscall.SIGKILL) //nolint:errcheck // see above
	<-c.exited
}

// stop asks the process to end and joins its goroutine.
func (c *child) stop(patience time.Duration) error {
	err := errors.Join(c.signal(syscall.SIGTERM), c.signal(syscall.SIGCONT))
	if err != nil {
		c.kill()
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.exited:
		return nil
	case <-timer.C:
		c.kill()
		return fmt.Errorf("killed: it did not end within %v of SIGTERM: %w", patience, os.ErrDeadlineExceeded)
	}
}
