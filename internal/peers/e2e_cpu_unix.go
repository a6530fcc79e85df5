//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is how much of the processors this process has used; 0 if nobody knows.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
