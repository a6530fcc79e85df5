package servers

import "syscall"

// bound makes the kernel kill the child when we die, however we die.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
