package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func newDoctor(con *console.Console) *cobra.Command {
	d := doctor{Console: con}
	cmd := &cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Find out what is wrong with this machine, the module, the service, and how to mend it",
		Long: `Looks at the go command, and in the directory of a service also at its module,
the library's version, the manifest, generated files that were edited, the ports
it listens on, and its registry; and whether docker works. Changes nothing.

Exits with 6 if something is wrong; what is marked -- need not be mended.`,
		Args:              oneDirectory,
		ValidArgsFunction: completeServices,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.dir = append(args, ".")[0]
			return d.run(cmd.Context())
		},
	}
	return cmd
}

// doctor looks at one directory.
type doctor struct {
	*console.Console
	dir      string
	findings []finding
}

// verdict is what a check came to.
type verdict string

const (
	good   verdict = "ok"
	wrong  verdict = "!!"
	absent verdict = "--" // and need not be there
)

// finding is the outcome of one check.
type finding struct {
	Check string  `json:"check"`
	State verdict `json:"state"`
	Text  string  `json:"text"`
	Mend  string  `json:"mend,omitempty"`
}

func (d *doctor) ok(check, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, State: good, Text: fmt.Sprintf(format, args...)})
}

func (d *doctor) wrong(check, mend, format string, args ...any) {
	d.findings = append(d.findings, finding{check, wrong, fmt.Sprintf(format, args...), mend})
}

func (d *doctor) absent(check, mend, format string, args ...any) {
	d.findings = append(d.findings, finding{check, absent, fmt.Sprintf(format, args...), mend})
}

func (d *doctor) run(ctx context.Context) error {
	if !isDir(d.dir) {
		return project.Refusal(d.dir + ": no such directory; name one")
	}
	d.goCommand(ctx)
	d.module()
	if m := d.service(); m != nil {
		d.ports(m, defaultAddrs)
		d.registry(ctx, m)
	}
	d.docker(ctx)
	if err := d.print(); err != nil {
		return err
	}
	n := 0
	for _, f := range d.findings {
		if f.State == wrong {
			n++
		}
	}
	if n > 0 {
		return console.EnvironmentError{Err: fmt.Errorf("%s to mend", count(n, "thing"))}
	}
	return nil
}

func (d *doctor) print() error {
	enc := json.NewEncoder(d.Out)
	enc.SetEscapeHTML(false)
	for _, f := range d.findings {
		switch {
		case d.JSON:
			if err := enc.Encode(f); err != nil {
				return err
			}
		case d.Quiet && f.State != wrong:
		default:
			fmt.Fprintf(d.Out, "%s  %-9s %s%s\n", d.Paint(d.Out, verdictColors[f.State], string(f.State)), f.Check, f.Text, arrow(f.Mend))
		}
	}
	return nil
}

var verdictColors = map[verdict]console.Color{good: console.Green, wrong: console.Red, absent: console.Gray}

// arrow leads to the mend, on a line of its own if there is more than one.
func arrow(mend string) string {
	if mend == "" {
		return ""
	}
	return "\n      → " + strings.ReplaceAll(mend, "\n", "\n        ")
}
