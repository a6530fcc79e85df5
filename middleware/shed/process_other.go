//go:build !unix

package shed

import "time"

// processTime knows nothing here. What runtime/metrics has on CPU time is as of
// the last garbage collection, which is too late to go by; how long goroutines
// wait is known everywhere.
func processTime() (time.Duration, bool) { return 0, false }
