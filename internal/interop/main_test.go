package interop

import (
	"testing"

	"github.com/op/go-logging"
	"go.uber.org/goleak"
)

// TestMain holds go-kit's clients to it too: stopped, they leave no goroutine
// behind.
func TestMain(m *testing.M) {
	logging.SetLevel(logging.CRITICAL, "fargo") // it logs every request
	goleak.VerifyTestMain(m)
}
