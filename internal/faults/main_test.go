package main

import (
	"os"
	"slices"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets this test binary be what the program runs itself as.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"instance", "row", "herd", "wake"}, os.Args[1]) {
		os.Exit(command(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}
