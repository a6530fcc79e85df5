package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

func main() { os.Exit(command(os.Args[1:])) }

// command is the whole program; tests are other programs that call it, as this
// one runs itself for rows and instances.
func command(args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "instance":
			return serveInstance(args[1:])
		case "row":
			return runOne(args[1:])
		case "herd":
			return runHerd(args[1:])
		case "wake":
			return runWake(args[1:])
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	m, err := parse(args, os.Stderr)
	if err == nil {
		err = m.run(ctx, os.Stdout)
	}
	switch {
	case err == nil, err == flag.ErrHelp: //nolint:errorlint // it is returned as it is
		return 0
	default:
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
}

// parse reads the command line of a matrix.
func parse(args []string, usage io.Writer) (*matrix, error) {
	m := &matrix{logs: os.Stderr}
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(usage)
	pattern := flags.String("run", "", "only rows whose name and fault match this regular expression")
	smoke := flags.Bool("smoke", false, "only the rows that take two minutes together, -short")
	flags.BoolVar(&m.list, "list", false, "say what there is, and run nothing")
	flags.BoolVar(&m.json, "json", false, "end with one line of JSON: an array with an object per row")
	flags.IntVar(&m.parallel, "parallel", 6, "how many rows run at a time")
	flags.BoolVar(&m.verbose, "v", false, "tell what happens within each row")
	flags.StringVar(&m.markdown, "markdown", "", "also write the table to this file")
	m.length.flags(flags)
	flags.BoolVar(&m.sabotage, "sabotage", false, "instead, switch mechanisms off one by one and see that a row notices")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: rows are picked by -run", flags.Arg(0))
	}
	if m.parallel < 1 {
		return nil, fmt.Errorf("-parallel is %d: give 1 or more", m.parallel)
	}
	if m.length.soak < 10*time.Second {
		return nil, fmt.Errorf("-soak is %v: give at least 10s, in which a fault can come and go", m.length.soak)
	}
	if m.length.stretch < 1 {
		return nil, fmt.Errorf("-stretch is %d: give 1 or more", m.length.stretch)
	}
	re, err := regexp.Compile(*pattern)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	m.rows = rows()
	if *smoke {
		m.rows, m.length.short = smokeRows(), true
	}
	if m.rows = matching(m.rows, re); len(m.rows) == 0 {
		return nil, fmt.Errorf("-run %s matches no row: -list has all of them", *pattern)
	}
	return m, nil
}

// runOne is a row, in a process of its own.
func runOne(args []string) int {
	flags := flag.NewFlagSet("row", flag.ContinueOnError)
	name := flags.String("name", "", "of the row")
	var l length
	l.flags(flags)
	if err := flags.Parse(args); err != nil {
		return 2
	}
	stub.Register() // before the first connection
	r, ok := named(rows(), *name)
	if !ok {
		fmt.Fprintf(os.Stderr, "faults: there is no row %q: -list has all of them\n", *name)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := writeJSON(os.Stdout, try(ctx, r, l, os.Stderr)); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	return 0
}
