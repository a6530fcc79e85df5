package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/internal/timeline"
	"github.com/kitgen/kitgen/transport"
)

func main() { os.Exit(command(os.Args[1:])) }

// command is the whole program; a test calls it too, as this one runs itself
// for services.
func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var verb string
	if len(args) > 0 {
		verb = args[0]
	}
	var err error
	switch verb {
	case serve:
		err = runService(ctx, args[1:], os.Stdin, os.Stdout)
	case timeline.Command:
		err = timeline.Instance(ctx, args[1:], os.Stdin, os.Stdout)
	default:
		err = draw(ctx, args, os.Stderr)
	}
	if errors.Is(err, flag.ErrHelp) {
		err = nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lifecycle:", err)
	}
	return transport.ExitCode(err)
}

// draw makes the pictures that were asked for.
func draw(ctx context.Context, args []string, progress io.Writer) error {
	flags := flag.NewFlagSet("lifecycle", flag.ContinueOnError)
	flags.SetOutput(progress)
	svg := flags.String("svg", "", "file for the picture of a start and a stop, such as docs/lifecycle.svg")
	out := flags.String("scenes", "", "folder for the pictures of instances that join, leave and outlive etcd, such as docs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %s: there are only flags", flags.Arg(0))
	}
	if *svg == "" && *out == "" {
		return errors.New("nothing to draw: give -svg a file, or -scenes a folder")
	}
	if *svg != "" {
		fmt.Fprintln(progress, "pictures: playing a start and a stop, ten seconds")
		if err := drawLife(ctx, *svg, progress); err != nil {
			return fmt.Errorf("-svg %s: %w", *svg, err)
		}
	}
	if *out != "" {
		return timeline.Draw(ctx, *out, progress)
	}
	return nil
}

func drawLife(ctx context.Context, file string, progress io.Writer) error {
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return errors.New("its folder is not there: make it, or name another file")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // a first run builds etcd
	defer cancel()
	rec, err := life(ctx, time.Second)
	if err != nil {
		return err
	}
	calls, failed := count(rec)
	fmt.Fprintf(progress, "pictures: %s: %d calls, %d failed\n", file, calls, failed)
	return os.WriteFile(file, []byte(timeline.Picture(rec)), 0o644) //nolint:gosec // everybody may read a picture
}

func count(rec *timeline.Recording) (calls, failed int) {
	for _, c := range rec.Calls {
		calls++
		if c.Failed {
			failed++
		}
	}
	return calls, failed
}
