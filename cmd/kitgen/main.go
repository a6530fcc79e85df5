// Command kitgen makes services out of Go interfaces and the parts of
// github.com/kitgen/kitgen.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
