package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

// needsPrlimit says why another process's limits cannot be set here.
func needsPrlimit() error { return nil }

// limitFiles sets how many file descriptors a process may have open; those it
// has stay open.
func limitFiles(pid int, n uint64) error {
	var old syscall.Rlimit
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE, 0, uintptr(unsafe.Pointer(&old)), 0, 0); errno != 0 {
		return fmt.Errorf("ask for the limit of open files: %w", errno)
	}
	limit := syscall.Rlimit{Cur: n, Max: old.Max}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("limit open files: %w", errno)
	}
	return nil
}
