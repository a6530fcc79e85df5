package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "newcomer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	only := flag.String("only", "", "tools to play with, divided by commas; all if empty")
	kit := flag.String("kit", ".", "checkout of kitgen")
	verbose := flag.Bool("v", false, "print what each typed")
	flag.Parse()
	dir, err := os.MkdirTemp("", "newcomer")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var rows []row
	for _, t := range tools() {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), t.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "newcomer: %s\n", t.name)
		r, err := newRow(ctx, t, *kit, dir)
		if err != nil {
			return err
		}
		rows = append(rows, r)
		if *verbose {
			for _, line := range r.typed {
				fmt.Fprintf(os.Stderr, "  $ %s\n", line)
			}
		}
	}
	printTable(rows)
	return ctx.Err()
}

// row is what came of one play.
type row struct {
	tool
	*play
	files int
	err   error
}

func newRow(ctx context.Context, t tool, kit, dir string) (row, error) {
	p := &play{dir: dir + "/" + t.name, tools: dir + "/bin"}
	if err := errors.Join(os.MkdirAll(p.dir, 0o755), os.MkdirAll(p.tools, 0o755)); err != nil {
		return row{}, err
	}
	r := row{tool: t, play: p}
	r.err = t.steps(ctx, p, kit)
	p.end()
	var err error
	r.files, err = p.files()
	return r, err
}

func printTable(rows []row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "tool\tcommands\tfiles\tby hand\ttime\tHTTP\tgRPC\tregistered\ttests with -race")
	for _, r := range rows {
		if r.err != nil && r.files == 0 {
			fmt.Fprintf(w, "%s\tdoes not install here: %s\n", r.name, reason(r.err))
			continue
		}
		o := r.outcome
		fmt.Fprintf(w, "%s\t%d\t%d\t%d lines\t%.1f s\t%s\t%s\t%s\t%s\n", r.name, len(r.typed), r.files, r.hand, r.took.Seconds(),
			no(o.http), no(o.grpc), no(o.registered), no(o.tests))
	}
	_ = w.Flush()
	for _, r := range rows {
		if r.note != "" && r.err == nil {
			fmt.Printf("%s: %s\n", r.name, r.note)
		}
		for _, n := range r.notes {
			fmt.Printf("%s: %s\n", r.name, n)
		}
		if r.err != nil && r.files > 0 {
			fmt.Printf("%s: %v\n", r.name, r.err)
		}
	}
}

func no(s string) string {
	if s == "" {
		return "no"
	}
	return s
}

// reason is the line of an error that says why something is not to be had.
func reason(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for _, line := range lines {
		if strings.Contains(line, "reading ") {
			what, _, _ := strings.Cut(line, ": reading ")
			return strings.TrimPrefix(what, "go: ") + ": the module proxy does not have it"
		}
	}
	return lines[len(lines)-1]
}

// etcd is the registry that a newcomer has to have: one command. kitgen's own
// is taken for it, on the port that all know.
func (p *play) etcd(ctx context.Context, kit string) error {
	quiet := &play{dir: p.dir, tools: p.tools}
	if err := quiet.build(ctx, kit+"/cmd/kitgen", "kitgen", "."); err != nil {
		return err
	}
	if _, err := p.serve(ctx, "kitgen etcd"); err != nil {
		return err
	}
	p.typed[len(p.typed)-1] = "etcd"
	return within(ctx, patience, func(ctx context.Context) error {
		if err := registered(ctx, etcdAddr, ""); err != nil && !errors.Is(err, errNoKey) {
			return err
		}
		return nil
	})
}

const etcdAddr = "127.0.0.1:2379"
