package servers

import (
	"errors"
	"fmt"
	"syscall"
)

// bound makes the kernel kill the child when we die, however we die.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitStopped returns once every thread of the child pid has halted: the
// signal only asks for it, and a busy server still answers for a moment.
func awaitStopped(pid int) error {
	const byPID = 1 // P_PID
	for {
		// WNOWAIT leaves the news there, so that a second freeze sees it too.
		_, _, err := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(pid), 0,
			syscall.WSTOPPED|syscall.WNOWAIT, 0, 0)
		switch {
		case err == 0:
			return nil
		case errors.Is(err, syscall.EINTR):
		default:
			return fmt.Errorf("wait for its halt: %w", err)
		}
	}
}
