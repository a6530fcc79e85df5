//go:build unix && !linux

package main

import (
	"os/exec"
	"syscall"
)

// bind puts the child in a process group. Other systems than Linux have no
// signal for the death of a parent.
func bind(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
