package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// child is a process of ours and the goroutine that waits for it. It dies with
// this process.
type child struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed once it is reaped
}

// launch starts cmd. The goroutine keeps its thread until the end, because
// Linux takes the death of the thread that forked for the parent's.
func launch(cmd *exec.Cmd) (*child, error) {
	bind(cmd)
	c := &child{cmd: cmd, gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(c.gone)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in ProcessState
		}
	}()
	if err := <-started; err != nil {
		<-c.gone
		return nil, err
	}
	return c, nil
}

func (c *child) alive() bool {
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) signal(s syscall.Signal) error { return c.cmd.Process.Signal(s) }

// kill ends it, frozen or not, and joins its goroutine.
func (c *child) kill() {
	_ = c.signal(syscall.SIGKILL) // fails only if it is gone already
	<-c.gone
}

// exitCode is valid once it is gone; -1 if a signal ended it.
func (c *child) exitCode() int { return c.cmd.ProcessState.ExitCode() }
