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
)

func main() { os.Exit(command(os.Args[1:])) }

// command is the whole program; a test calls it too, as this one runs itself
// for instances.
func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if len(args) > 0 && args[0] == "instance" {
		err = runInstance(ctx, args[1:], os.Stdin, os.Stdout)
	} else {
		err = draw(ctx, args, os.Stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	default:
		fmt.Fprintln(os.Stderr, "timeline:", err)
		return 1
	}
}

// draw plays every scene and writes its picture.
func draw(ctx context.Context, args []string, progress io.Writer) error {
	flags := flag.NewFlagSet("timeline", flag.ContinueOnError)
	flags.SetOutput(progress)
	out := flags.String("out", "docs", "folder for the pictures, which must exist")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if info, err := os.Stat(*out); err != nil || !info.IsDir() {
		return fmt.Errorf("-out %s: not a folder: make it, or name another", *out)
	}
	for _, sc := range scenes() {
		fmt.Fprintf(progress, "timeline: playing %s, up to half a minute\n", sc.name)
		ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // a first run builds etcd
		rec, err := sc.run(ctx, defaultPace())
		cancel()
		if err != nil {
			return fmt.Errorf("scene %s: %w", sc.name, err)
		}
		file := filepath.Join(*out, sc.name+".svg")
		if err := os.WriteFile(file, []byte(picture(rec)), 0o644); err != nil { //nolint:gosec // everybody may read a picture
			return err
		}
		calls, failed := rec.counts()
		fmt.Fprintf(progress, "timeline: %s: %d calls, %d failed\n", file, calls, failed)
	}
	return nil
}
