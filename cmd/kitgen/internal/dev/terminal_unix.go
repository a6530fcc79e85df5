//go:build !windows

package dev

import (
	"os/signal"
	"syscall"
)

// ignoreTerminal has a session in the background go on where it would be stopped
// for wanting to read what is typed.
func ignoreTerminal() { signal.Ignore(syscall.SIGTTIN) }
