package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// What a server answers is printed, not carried out.
func TestErrorsCannotSteerTheTerminal(t *testing.T) {
	var out strings.Builder
	complain(&out, console.FailureError{Err: errors.New("\x1b[2Jno\nsuch name")})
	if want := "kitgen: \\x1b[2Jno\nsuch name\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
