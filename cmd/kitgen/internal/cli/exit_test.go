package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// What a server answers is printed, not carried out.
func TestErrorsCannotSteerTheTerminal(t *testing.T) {
	var out strings.Builder
	complain(&out, console.FailureError{Err: errors.New("\x1b[2Jno\nsuch name")})
	if want := "kitgen: \\x1b[2Jno\nsuch name\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

// An error of writing says that nothing was changed only where that is so.
func TestWritten(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{full, "KG010: write x: no space left on device; nothing was changed: make room, or make it writable, and run it again"},
		{fmt.Errorf("%w\n%w", full, project.ErrHalfWritten), "KG010: write x: no space left on device\nsome of it is written, and the next kitgen here undoes that: make room, or make it writable, and run it again"},
	} {
		if got := written(tt.err); got.Error() != tt.want || exitCode(got) != exitEnvironment {
			t.Errorf("got %v, want %s", got, tt.want)
		}
	}
}
