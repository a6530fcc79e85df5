package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/kitgen/kitgen/transport"
)

func main() { os.Exit(command(os.Args[1:])) }

// command is the whole program; a test calls it too, as this one runs itself
// for services.
func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] == "service" {
		return transport.ExitCode(runService(ctx, args[1:], os.Stdin, os.Stdout))
	}
	err := draw(ctx, args, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(os.Stderr, "lifecycle:", err)
	return 1
}

func draw(_ context.Context, _ []string, _ io.Writer) error { return nil }
