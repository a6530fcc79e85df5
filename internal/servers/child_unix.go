//go:build unix && !linux

package servers

import "syscall"

// bound keeps the child in our process group's reach; other systems than Linux
// have no signal for the death of a parent, so a test killed with SIGKILL
// leaves its servers behind there.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
