// Command observability runs a shop that calls three replicas of prices, one of
// which is broken, and shows what can be seen of that: see the README.
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

	folder "github.com/kitgen/kitgen/examples/own-registry"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("observability", flag.ContinueOnError)
	addr := flags.String("debug-addr", "127.0.0.1:6060", "where the shop shows its metrics and its debug page")
	public := flags.Bool("debug-public", false, "let other machines see them, too")
	last := flags.Duration("for", 0, "how long; until it is interrupted if zero")
	picture := flags.String("screenshot", "", "a `file` for a picture of the page, which chromium takes; then it ends")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *last < 0 {
		return fmt.Errorf("%q -for %v: there are flags alone, and no time before now; see -h", flags.Args(), *last)
	}
	debug, err := kitdebug.Listen("debug-addr", *addr, *public)
	if err != nil {
		return err
	}
	defer debug.Close()
	registry, err := os.MkdirTemp("", "observability")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(registry)) }()
	if *last > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *last)
		defer cancel()
	}
	see := func(ctx context.Context) error { // that somebody looks
		<-ctx.Done()
		return nil
	}
	page := "http://" + debug.Addr().String() + "/debug/kit"
	if *picture != "" {
		see = func(ctx context.Context) error { return screenshot(ctx, page, *picture) }
	}
	fmt.Fprintf(out, "see %s, %s.json and http://%s/metrics\n", page, page, debug.Addr())
	return play(ctx, folder.Registry(registry), debug, out, see)
}
