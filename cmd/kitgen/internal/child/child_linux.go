package child

import "syscall"

// attributes has the kernel kill the child when this process dies, so that not
// even a kill -9 leaves replicas behind.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
