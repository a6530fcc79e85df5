package demo

import "syscall"

// childAttr has the kernel kill the child when this process dies, so that not
// even a kill -9 of the tour leaves replicas behind.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
