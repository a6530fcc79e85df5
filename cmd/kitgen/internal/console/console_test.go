package console

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// screen is a terminal, where the system has one to give.
func screen(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal to be had:", err)
	}
	t.Cleanup(func() { f.Close() })
	if !terminal(f) {
		t.Skip("/dev/ptmx is no terminal here")
	}
	return f
}

func TestColorIsForTerminals(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	tty := screen(t)
	c := New()
	if got := c.Paint(tty, Red, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("on a terminal: %q", got)
	}
	if got := c.Paint(tty, Plain, "x"); got != "x" {
		t.Errorf("without a colour: %q", got)
	}
	if got := c.Paint(&bytes.Buffer{}, Red, "x"); got != "x" {
		t.Errorf("into a pipe: %q", got)
	}
	c.NoColor = true
	if c.Colored(tty) {
		t.Error("--no-color does not help")
	}
	c.NoColor = false
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if c.Colored(tty) {
				t.Errorf("%s=%s does not help", name, value)
			}
		})
	}
}

func TestNobodyIsAskedWhoCannotAnswer(t *testing.T) {
	var errs bytes.Buffer
	c := &Console{In: strings.NewReader("y\n"), Err: &errs}
	if c.Ask("sure?") || errs.Len() > 0 {
		t.Errorf("asked a pipe: %q", &errs)
	}
}

func TestWhoTypesIsAtATerminal(t *testing.T) {
	if (&Console{In: strings.NewReader("")}).Typed() || !(&Console{In: screen(t)}).Typed() {
		t.Error("a pipe types, or a terminal does not")
	}
}

func TestFlags(t *testing.T) {
	var errs bytes.Buffer
	c := &Console{Err: &errs}
	root := &cobra.Command{Run: func(*cobra.Command, []string) { c.Hint("hint"); c.Detail("detail") }}
	c.Flags(root)
	for _, tt := range []struct {
		args []string
		want string
	}{{nil, "hint\n"}, {[]string{"-v"}, "hint\ndetail\n"}, {[]string{"-q", "--verbose=false"}, ""}} {
		errs.Reset()
		root.SetArgs(append([]string{}, tt.args...))
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		if errs.String() != tt.want {
			t.Errorf("%v: %q, want %q", tt.args, &errs, tt.want)
		}
	}
	root.SetArgs([]string{"-C", "x", "--json", "--no-color", "--no-input"})
	if err := root.Execute(); err != nil || c.Dir != "x" || !c.JSON || !c.NoColor || !c.NoInput {
		t.Errorf("%v: %+v", err, c)
	}
}
