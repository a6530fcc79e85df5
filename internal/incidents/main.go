package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() { os.Exit(command(os.Args[1:])) }

// command is the whole program; a test calls it too, as this one runs itself for
// servers.
func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if len(args) > 0 && args[0] == "server" {
		err = runServer(ctx, args[1:], os.Stdin, os.Stdout)
	} else {
		err = draw(ctx, args, os.Stdout, os.Stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	default:
		fmt.Fprintln(os.Stderr, "incidents:", err)
		return 1
	}
}

// draw plays incidents and writes their pictures.
func draw(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("incidents", flag.ContinueOnError)
	flags.SetOutput(progress)
	folder := flags.String("out", "docs", "folder for the pictures, which must exist")
	only := flags.String("only", "", "play this one alone: "+strings.Join(names(), ", "))
	document := flags.Bool("json", false, "print the numbers of every run as one JSON document")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q: there are flags alone; see -h", flags.Arg(0))
	}
	if info, err := os.Stat(*folder); err != nil || !info.IsDir() {
		return fmt.Errorf("-out %s: not a folder: make it, or name another", *folder)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	results := make(map[string]result, len(chosen))
	for _, in := range chosen {
		fmt.Fprintf(progress, "incidents: playing %s twice, %v each\n", in.name, in.length)
		r, err := in.play(ctx, 1)
		if err != nil {
			return fmt.Errorf("incident %s: %w", in.name, err)
		}
		file := filepath.Join(*folder, "incident-"+in.name+".svg")
		if err := os.WriteFile(file, []byte(picture(in, r)), 0o644); err != nil { //nolint:gosec // everybody may read a picture
			return err
		}
		fmt.Fprintf(progress, "incidents: %s: %s\n", file, in.story(r))
		results[in.name] = r
	}
	if *document {
		return json.NewEncoder(out).Encode(results)
	}
	return nil
}

func names() (all []string) {
	for _, in := range incidents() {
		all = append(all, in.name)
	}
	return all
}

// choose returns the incident of a name, and all for none.
func choose(name string) ([]incident, error) {
	all := incidents()
	if name == "" {
		return all, nil
	}
	for i := range all {
		if all[i].name == name {
			return all[i : i+1], nil
		}
	}
	return nil, fmt.Errorf("-only %s: there is no such incident; want one of %s", name, strings.Join(names(), ", "))
}
