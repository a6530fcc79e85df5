package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// Command is kitgen dev.
func Command(con *console.Console) *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the service here, with a registry, and keep it up to date with its source",
		Long: `Builds the service in this directory, or every service below it, and runs
replicas of it as processes that find each other in an etcd of their own. When
a file is saved, what follows from it is generated, the service is built anew,
and its replicas are replaced one by one, so that no call is lost. A build that
fails leaves them as they are.

Commands that are typed, here or after kitgen dev in another terminal, break and
mend the fleet: type help. kitgen call finds it by itself. Ctrl-C ends it in
order, a second one at once.

Exit codes: 4 if there is no service here, its interface is refused, or a
session runs already, 6 if a port is taken or the first build fails.`,
		Example: `  kitgen dev --replicas 3
  kitgen dev kill greeter-2        in another terminal
  kitgen call Greet name=Ada -n 300`,
		Args: commandsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if con.JSON {
				return console.UsageError{Err: errors.New("--json: the log of a session is for people; ask for kitgen dev ps --json or kitgen dev logs NAME --json in another terminal")}
			}
			c.httpSet = cmd.Flags().Changed("http")
			return start(cmd.Context(), con, c)
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.replicas, "replicas", 3, "processes of each service")
	f.StringVar(&c.registry, "registry", "", "register in this one, such as consul://127.0.0.1:8500, instead of an etcd of kitgen's own")
	f.StringVar(&c.http, "http", "127.0.0.1:8080", "where HTTP is answered by whichever replica is there; the next free port if not set, and for further services; or none")
	f.BoolVar(&c.noWatch, "no-watch", false, "leave the replicas alone when files change")
	for _, v := range verbs() {
		cmd.AddCommand(verbCommand(con, v))
	}
	cmd.AddCommand(psCommand(con), logsCommand(con))
	return cmd
}

// commandsOnly refuses words that are no command of kitgen dev.
func commandsOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return errors.New(unknown("command", args[0], names))
}

// start runs a session until somebody ends it.
func start(ctx context.Context, con *console.Console, c config) error {
	if err := c.check(); err != nil {
		return err
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	c.dir = dir
	services, err := find(dir)
	if err != nil {
		return err
	}
	s := newSession(c, con, services)
	ctx, stop := s.interruptible(ctx)
	defer stop()
	return s.run(ctx, prompt(con))
}

func newSession(c config, con *console.Console, services []*service) *session {
	s := &session{
		config: c, book: newLogbook(con),
		turn: make(chan struct{}, 1), forced: make(chan struct{}),
	}
	for _, svc := range services {
		s.fleets = append(s.fleets, &fleet{service: svc})
		s.book.width = max(s.book.width, len(svc.name)+len("-1"))
	}
	return s
}

// interruptible is ctx, which a first signal ends; a second one has the session
// end at once.
func (s *session) interruptible(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ignoreTerminal()
	joined := make(chan struct{})
	go func() {
		defer close(joined)
		for range 2 {
			select {
			case <-signals:
				cancel()
			case <-done:
				return
			}
		}
		close(s.forced)
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-joined
		cancel()
	}
}

// verbCommand has the session of this directory carry out a verb.
func verbCommand(con *console.Console, v verb) *cobra.Command {
	return &cobra.Command{
		Use:   strings.TrimSpace(v.name + " " + v.args),
		Short: v.short,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < v.min || v.max >= 0 && len(args) > v.max {
				return errors.New("write it as: kitgen dev " + strings.TrimSpace(v.name+" "+v.args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := tell(cmd.Context(), v.name, args)
			switch {
			case con.JSON:
				a.Lines, a.Refused = nil, false // the units, and the exit code, say as much
				return errors.Join(err, encode(con, a))
			case !con.Quiet:
				for _, line := range a.Lines {
					fmt.Fprintln(con.Out, line)
				}
			}
			return err
		},
	}
}

// tell has the session of this directory carry out a verb. An error is in the
// answer as well.
func tell(ctx context.Context, verb string, args []string) (answer, error) {
	n, err := here()
	if err != nil {
		return answer{Verb: verb, Error: err.Error()}, err
	}
	return n.tell(ctx, verb, args)
}

func psCommand(con *console.Console) *cobra.Command {
	return &cobra.Command{
		Use:   "ps",
		Short: "Show what runs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := here()
			if err != nil {
				return err
			}
			rows, err := n.units(cmd.Context())
			if err != nil {
				return err
			}
			if !con.JSON {
				return printRows(con.Out, rows)
			}
			for _, r := range rows {
				if err := encode(con, r); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func logsCommand(con *console.Console) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show what one replica logged",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := here()
			if err != nil {
				return err
			}
			type entry struct {
				Name string `json:"name"`
				Line string `json:"line"`
			}
			return n.logs(cmd.Context(), args[0], follow, func(line string) error {
				if con.JSON {
					return encode(con, entry{args[0], line})
				}
				_, err := fmt.Fprintln(con.Out, line)
				return err
			})
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until Ctrl-C")
	return cmd
}

// encode prints v as a line of JSON.
func encode(con *console.Console, v any) error {
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// here finds the session of this directory.
func here() (*Note, error) {
	dir, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	return Find(dir)
}
