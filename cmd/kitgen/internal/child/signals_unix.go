//go:build !windows

package child

import "syscall"

// What freezes a process, so that it holds its connections and answers
// nothing, and what has it go on.
const (
	Freeze = syscall.SIGSTOP
	Thaw   = syscall.SIGCONT
)

// CanFreeze says whether this system has the two.
const CanFreeze = true
