package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// runWake lets a process go on after a while. Nobody who is stopped can do that
// for itself.
func runWake(args []string) int {
	flags := flag.NewFlagSet("wake", flag.ContinueOnError)
	pid := flags.Int("pid", 0, "whom")
	after := flags.Duration("after", 0, "when")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	time.Sleep(*after)
	if err := syscall.Kill(*pid, syscall.SIGCONT); err != nil {
		fmt.Fprintln(os.Stderr, "wake:", err)
		return 1
	}
	return 0
}

// sleepAll stops this very process for d: consumer, recorder and proxies.
func (t *trial) sleepAll(d time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	alarm, err := launch(exec.Command(self, "wake", "-pid", strconv.Itoa(os.Getpid()), "-after", d.String())) //nolint:gosec,noctx // ourselves
	if err != nil {
		return err
	}
	began := time.Now()
	if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
		return err
	}
	<-alarm.gone
	t.say("this process was stopped for " + age(began).String())
	return nil
}
