package sdtest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
)

// witness is a reporter that remembers the first failure.
type witness struct {
	ctx      context.Context
	failure  string
	cleanups []func()
}

func (w *witness) Helper() {}

func (w *witness) Logf(string, ...any) {}

func (w *witness) Context() context.Context { return w.ctx }

func (w *witness) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }

func (w *witness) Fatalf(format string, args ...any) {
	w.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (w *witness) cleanUp() {
	for _, f := range slices.Backward(w.cleanups) {
		f()
	}
}
