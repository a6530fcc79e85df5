package main

import (
	"os/exec"
	"syscall"
)

// bind makes the kernel kill the child when we die, however we die.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
