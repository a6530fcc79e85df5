//go:build unix && !linux

package servers

import "syscall"

// bound puts the child in a process group. Other systems than Linux have no
// signal for the death of a parent, so a test that is itself killed leaves its
// servers behind there.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// awaitStopped trusts the signal: package syscall offers no wait for a halt
// here that could not also reap the child.
func awaitStopped(int) error { return nil }
