package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes the test binary a service when a test runs it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serve {
		os.Exit(command(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}
