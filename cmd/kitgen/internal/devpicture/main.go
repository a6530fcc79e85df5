// Command devpicture draws docs/dev.svg: a session of kitgen dev, and beside it
// another terminal that breaks its replicas and calls them, as they were when it
// played them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	out := flag.String("out", "dev.svg", "the `file` to draw")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "devpicture:", err)
		os.Exit(1)
	}
}

// typed in the other terminal.
var typed = []string{
	"kitgen call Greet name=Ada -n 3000",
	"kitgen dev kill greeter-2",
	"kitgen call Greet name=Ada -n 3000",
	"kitgen dev freeze greeter-1",
	"kitgen call Greet name=Ada -n 3000",
	"kitgen dev thaw greeter-1",
	"kitgen dev start greeter-2",
	"kitgen call Greet name=Ada -n 3000",
}

func run(ctx context.Context, out string) (err error) {
	dir, err := os.MkdirTemp("", "devpicture")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &session{dir: dir}
	if err := s.command(ctx, "go build -o "+filepath.Join(dir, "kitgen")+" github.com/kitgen/kitgen/cmd/kitgen", "."); err != nil {
		return err
	}
	if err := s.command(ctx, "kitgen new service greeter", dir); err != nil {
		return err
	}
	if err := s.play(ctx, typed); err != nil {
		return err
	}
	return os.WriteFile(out, []byte(draw(s.shown, s.lines)), 0o644)
}
