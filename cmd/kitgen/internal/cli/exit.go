package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// The exit codes.
const (
	exitOK          = 0
	exitError       = 1 // unexpected
	exitUsage       = 2 // of the command line
	exitOutOfDate   = 3 // generate --check, and diff
	exitRefused     = 4 // an input that kitgen does not work with
	exitConflict    = 5 // a merge that a person must finish
	exitEnvironment = 6 // this machine: its disk, a port, the go command, a registry
)

var (
	// errOutOfDate is what generate --check finds.
	errOutOfDate = errors.New("out of date; run kitgen generate")
	// errConflict is wrapped by an error that says where two edits meet.
	errConflict = errors.New("merge conflict")
)

// misuse is a mistake on the command line.
func misuse(format string, args ...any) error {
	return console.UsageError{Err: fmt.Errorf(format, args...)}
}

// written makes of an error of writing one that says what that means to the
// user.
func written(err error) error {
	_, path := errors.AsType[*fs.PathError](err)
	_, link := errors.AsType[*os.LinkError](err)
	if !path && !link {
		return err
	}
	state := "; nothing was changed"
	if errors.Is(err, project.ErrHalfWritten) {
		state = ""
	}
	return console.EnvironmentError{Err: fmt.Errorf("KG010: %w%s: make room, or make it writable, and run it again", err, state)}
}

// cause is an error of a file without the file, which the text around it names.
func cause(err error) error {
	if in, ok := errors.AsType[*fs.PathError](err); ok {
		return in.Err
	}
	return err
}

// exitCode is the code that says what kind of error err is.
func exitCode(err error) int {
	_, usage := errors.AsType[console.UsageError](err)
	_, problems := errors.AsType[spec.Problems](err)
	_, refusal := errors.AsType[project.Refusal](err)
	_, environment := errors.AsType[console.EnvironmentError](err)
	switch {
	case err == nil:
		return exitOK
	case usage:
		return exitUsage
	case errors.Is(err, errOutOfDate):
		return exitOutOfDate
	case errors.Is(err, errConflict):
		return exitConflict
	case problems, refusal:
		return exitRefused
	case environment:
		return exitEnvironment
	}
	return exitError
}

// complain prints err and, where its text does not say, what to do about it.
func complain(w io.Writer, err error) {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "kitgen: interrupted")
		return
	}
	fmt.Fprintln(w, "kitgen:", console.Harmless(err.Error()))
	if _, ok := errors.AsType[console.FailureError](err); ok {
		return
	}
	switch exitCode(err) {
	case exitUsage:
		fmt.Fprintln(w, "see kitgen help")
	case exitError:
		fmt.Fprintln(w, "kitgen did not expect this; if it is not plain what to change, please report it with the output of kitgen version and the command")
	}
}
