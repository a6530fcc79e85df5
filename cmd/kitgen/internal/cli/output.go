package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// output is how a command that writes files was asked to: every such command
// has one, and these flags.
type output struct {
	*console.Console
	dryRun, diff, force bool
}

// flags gives cmd the flags of o.
func (o *output) flags(cmd *cobra.Command) {
	o.lookFlags(cmd)
	cmd.Flags().BoolVarP(&o.force, "force", "f", false, "overwrite generated files that were edited by hand")
}

// lookFlags are those of a command that never overwrites anything.
func (o *output) lookFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.diff, "diff", false, "write nothing; print what would change")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "write nothing; list the files")
}

// looks reports whether nothing is to be written.
func (o *output) looks() bool { return o.dryRun || o.diff }

// apply shows plan and, unless it is only to be looked at, writes it below
// root: all of it, or nothing. What ends ctx before that leaves no trace.
func (o *output) apply(ctx context.Context, root *os.Root, plan *project.Plan) error {
	if len(plan.Edited) > 0 {
		return edited(plan.Edited)
	}
	if !o.looks() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := written(plan.Apply(root)); err != nil {
			return err
		}
	}
	return o.show(plan)
}

// show prints plan as it was asked for: as a diff, as JSON, or as a list.
func (o *output) show(plan *project.Plan) error {
	switch {
	case o.diff:
		plan.Diff(o.Out)
	case o.JSON:
		return o.objects(plan)
	default:
		o.list(plan)
	}
	return nil
}

// object is one line of --json: a file, or a place in one, and what becomes of
// it.
type object struct {
	Verb   project.Verb `json:"verb"`
	Path   string       `json:"path"`
	Bytes  int          `json:"bytes"`
	Reason string       `json:"reason,omitempty"`
	Text   string       `json:"text,omitempty"` // of manual: what to add
}

func (o *output) objects(plan *project.Plan) error {
	enc := json.NewEncoder(o.Out)
	enc.SetEscapeHTML(false)
	var list []object
	for _, c := range plan.Changes {
		list = append(list, object{Verb: c.Verb, Path: c.Path, Bytes: len(c.New), Reason: c.Note})
	}
	for _, m := range plan.Manual {
		path, why, _ := strings.Cut(m.Where, ": ")
		list = append(list, object{Verb: "manual", Path: path, Bytes: len(m.Text), Reason: why, Text: string(m.Text)})
	}
	for _, orphan := range plan.Orphans {
		place, why, _ := strings.Cut(orphan, " ")
		list = append(list, object{Verb: "orphan", Path: place, Reason: why})
	}
	for _, note := range plan.Stale {
		path, why, _ := strings.Cut(note, ": ")
		list = append(list, object{Verb: "stale", Path: path, Reason: why})
	}
	for _, note := range plan.Conflicts {
		path, why, _ := strings.Cut(note, ": ")
		list = append(list, object{Verb: "conflict", Path: path, Reason: why})
	}
	for _, note := range plan.Warnings {
		path, why, _ := strings.Cut(note, ": ")
		list = append(list, object{Verb: "warning", Path: path, Reason: why})
	}
	for _, obj := range list {
		if err := enc.Encode(obj); err != nil {
			return err
		}
	}
	return nil
}

// list prints a line per file. Files that stay as they are are of interest to
// --verbose only, what the user must do themselves is even to --quiet.
func (o *output) list(plan *project.Plan) {
	short := *plan
	short.Changes = nil
	identical := 0
	for _, c := range plan.Changes {
		switch {
		case c.Verb == project.Identical && !o.Verbose:
			identical++
		case !o.Quiet:
			short.Changes = append(short.Changes, c)
		}
	}
	var b strings.Builder
	short.Print(&b)
	for line := range strings.Lines(b.String()) {
		fmt.Fprint(o.Out, o.paint(line))
	}
	if identical > 0 && !o.Quiet {
		fmt.Fprintf(o.Out, "%-9s %s\n", project.Identical, count(identical, "file"))
	}
}

// paint colours the verb that a line of a plan begins with.
func (o *output) paint(line string) string {
	verb, rest, ok := strings.Cut(line, " ")
	color, known := verbColors[project.Verb(verb)]
	if !ok || !known {
		return line
	}
	return o.Paint(o.Out, color, verb) + " " + rest
}

var verbColors = map[project.Verb]console.Color{
	project.Create:    console.Green,
	project.Rewrite:   console.Cyan,
	project.Insert:    console.Blue,
	project.Remove:    console.Red,
	project.Identical: console.Gray,
	"manual":          console.Yellow,
	"orphan":          console.Yellow,
	project.Merge:     console.Blue,
	"stale":           console.Yellow,
	"conflict":        console.Red,
	"warning":         console.Yellow,
}

// count is a number of things, for people.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
