package demo

import "syscall"

// Windows cannot freeze a process by a signal; config.check says so before
// one would be sent.
const (
	sigFreeze = syscall.Signal(0)
	sigThaw   = syscall.Signal(0)
)
