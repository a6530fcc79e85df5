package child

import "syscall"

// Windows cannot freeze a process by a signal.
const (
	Freeze = syscall.Signal(0)
	Thaw   = syscall.Signal(0)
)

// CanFreeze says whether this system has the two.
const CanFreeze = false
