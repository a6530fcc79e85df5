// Package console is how every command of kitgen talks: data on stdout,
// everything else on stderr, colour only on a terminal whose user has nothing
// against it, questions only where somebody can answer them.
//
// It knows streams and flags. What is printed is the commands' business.
package console

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Console is the terminal, pipe or test that a command talks to. One is made
// per run; its flags are set once the command line was parsed.
type Console struct {
	In       io.Reader
	Out, Err io.Writer // data; all else

	Quiet   bool   // -q: errors and data that was asked for, nothing else
	Verbose bool   // -v: also what is usually of no interest
	JSON    bool   // --json: data as one JSON object per line
	NoColor bool   // --no-color
	NoInput bool   // --no-input: ask nothing, take the safe answer
	Dir     string // -C: where to be before anything else is done; here if empty
}

// New is a Console on the process's own streams.
func New() *Console {
	return &Console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
}

// Flags gives root and all its commands the flags of c.
func (c *Console) Flags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.BoolVarP(&c.Quiet, "quiet", "q", false, "print errors only")
	f.BoolVarP(&c.Verbose, "verbose", "v", false, "print more")
	f.BoolVar(&c.JSON, "json", false, "print one JSON object per line")
	f.BoolVar(&c.NoColor, "no-color", false, "print without colour, as with NO_COLOR in the environment")
	f.BoolVar(&c.NoInput, "no-input", false, "never ask; take the safe answer")
	f.StringVarP(&c.Dir, "directory", "C", "", "do everything in this directory")
}

// Hint tells people, not programs, what to do or know next. Quiet, it does not.
func (c *Console) Hint(format string, args ...any) {
	if !c.Quiet {
		fmt.Fprintf(c.Err, format+"\n", args...)
	}
}

// Detail tells what only --verbose wants to know.
func (c *Console) Detail(format string, args ...any) {
	if c.Verbose {
		fmt.Fprintf(c.Err, format+"\n", args...)
	}
}

// Ask asks a question that is answered with yes or no. Where nobody can
// answer, and where nothing but Enter is typed, the answer is no.
func (c *Console) Ask(format string, args ...any) bool {
	if c.NoInput || c.Quiet || !terminal(c.In) || !terminal(c.Err) {
		return false
	}
	fmt.Fprintf(c.Err, format+" [y/N] ", args...)
	line, _ := bufio.NewReader(c.In).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// Typed reports whether what is read from In is typed by somebody.
func (c *Console) Typed() bool { return terminal(c.In) }

func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
