package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// ErrCallsFailed is returned by the tour when a call failed.
var ErrCallsFailed = errors.New("calls failed")

// Command is kitgen demo.
func Command() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The tour: generate a service, run replicas, break things, lose no call",
		Long: `Generates addsvc into a temporary directory, builds it, starts an etcd and
several replicas as processes, and calls them over HTTP and gRPC through the
generated client. Meanwhile one replica is killed, one frozen, one stopped, one
added, and etcd restarted. Exits 0 only if no call failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.check(); err != nil {
				return err
			}
			if !cmd.Flags().Changed("seed") {
				c.seed = uint64(time.Now().UnixNano())
			}
			ctx, cancel := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer cancel()
			out := cmd.OutOrStdout()
			r, err := run(ctx, c, newView(out, isTerminal(out)))
			if err != nil {
				return err
			}
			return finish(out, c, r)
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.replicas, "replicas", 5, "copies of the service to start with")
	f.IntVar(&c.rps, "rps", 500, "calls per second, half over HTTP and half over gRPC")
	f.DurationVar(&c.duration, "duration", 20*time.Second, "how long the load lasts")
	f.Uint64Var(&c.seed, "seed", 0, "chooses who is killed, frozen and stopped (the clock if not set)")
	f.BoolVar(&c.json, "json", false, "print one JSON object as the last line")
	f.StringVar(&c.svg, "svg", "", "also draw the run as a picture into this file")
	f.BoolVar(&c.keep, "keep", false, "keep the generated service and the logs, and say where")
	return cmd
}

// finish prints the summary and turns failed calls into an exit code.
func finish(out io.Writer, c config, r report) error {
	r.print(out)
	if c.json {
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", b)
	}
	if r.Failed > 0 {
		return fmt.Errorf("%d of %d %w; repeat with --seed %d --keep to see the logs", r.Failed, r.Calls, ErrCallsFailed, r.Seed)
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == ""
}
