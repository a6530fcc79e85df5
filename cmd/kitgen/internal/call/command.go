package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/dev"
)

// options are the flags of kitgen call.
type options struct {
	load
	over, registry, addr, data string
}

// Command is kitgen call.
func Command(con *console.Console) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "call [SERVICE] METHOD [NAME=VALUE...]",
		Short: "Call a method of a service, once or many times",
		Long: `Calls a method of the service here as its generated client would: instances
are found in the registry, balanced, tried again and avoided by the same
policies. Arguments are checked against the interface first. The answer is
JSON, the same over HTTP and gRPC but for enums that have a text of their own:
over HTTP they are that, over gRPC numbers, or names when they are given.

Lists are written with commas, everything else that is no scalar in JSON. In
the directory of a kitgen dev session its registry is used; else the one that
the service uses by itself.

With -n, counts who answered, and how fast; Ctrl-C ends that early. Exit codes:
1 if a call failed, 4 if the method or an argument is wrong, 6 if there is
nobody to call.`,
		Example: `  kitgen call Greet name=Ada
  kitgen call Greet name=Ada -n 300
  kitgen call addsvc Sum a=1 b=2 --over http
  kitgen call CreateUser --data @user.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name a method, as in kitgen call Greet name=Ada")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), con, args) },
	}
	f := cmd.Flags()
	f.IntVarP(&o.calls, "calls", "n", 1, "how many calls")
	f.IntVarP(&o.workers, "concurrency", "c", 10, "calls at a time")
	f.Float64Var(&o.rate, "rate", 0, "calls per second (as fast as they go if not set)")
	f.StringVar(&o.over, "over", "", "http or grpc (grpc if not set and the method is served over it)")
	f.StringVar(&o.registry, "registry", "", "where to look for instances, such as etcd://127.0.0.1:2379/greeter")
	f.StringVar(&o.addr, "addr", "", "call these instances, host:port with commas between, without a registry")
	f.StringVar(&o.data, "data", "", "arguments as a JSON object, or @FILE with one; @- is stdin")
	return cmd
}

func (o *options) check() error {
	switch {
	case o.calls < 1 || o.workers < 1 || o.rate < 0 || math.IsNaN(o.rate):
		return console.UsageError{Err: errors.New("-n and -c want a number from 1, and --rate none below 0")}
	case o.over != "" && o.over != "http" && o.over != "grpc":
		return console.UsageError{Err: fmt.Errorf("--over %s: write http or grpc", o.over)}
	case o.addr != "" && o.registry != "":
		return console.UsageError{Err: errors.New("--addr and --registry: give one of them")}
	}
	return nil
}

func (o *options) run(ctx context.Context, con *console.Console, words []string) error {
	if err := o.check(); err != nil {
		return err
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	note := session(ctx, dir)
	all, err := services(dir, note)
	if err != nil {
		return err
	}
	k, m, words, err := choose(all, words)
	if err != nil {
		return err
	}
	wire, err := k.wire(m, o.over)
	if err != nil {
		return err
	}
	ts := types{k.svc}
	o.data, err = content(o.data, con.In)
	if err != nil {
		return err
	}
	req := request{}
	if req.values, err = ts.arguments(m, words, o.data); err != nil {
		return err
	}
	dial := ts.overHTTP(m)
	if wire == "grpc" {
		d, err := k.descriptor(m)
		if err != nil {
			return err
		}
		if req.message, err = ts.message(d.Input(), m.In, m.Params, req.values); err != nil {
			return refuse(m, "%v", err)
		}
		dial = ts.overGRPC(m, d)
	}
	c, err := open(k.svc, m, o.target(k, note), wire, dial)
	if err != nil {
		return err
	}
	err = o.make(ctx, con, c, req, note)
	return errors.Join(err, c.close())
}

// session is the one that runs here; nil if there is none.
func session(ctx context.Context, dir string) *dev.Note {
	note, err := dev.Find(dir)
	if err != nil || !note.Alive(ctx) {
		return nil
	}
	return note
}

// target is where instances are looked for.
func (o *options) target(k *known, note *dev.Note) string {
	switch {
	case o.addr != "":
		return "static://" + o.addr
	case o.registry != "":
		return o.registry
	case note != nil && note.Registry != "":
		return dev.At(note.Registry, k.svc.Name)
	}
	return k.target()
}

// make makes the calls and prints what came of them.
func (o *options) make(ctx context.Context, con *console.Console, c *client, req request, note *dev.Note) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if o.calls == 1 {
		answer, err := c.call(ctx, req)
		if unsent, ok := errors.AsType[interface {
			error
			NotSent() bool
		}](err); ok && unsent.NotSent() {
			return console.EnvironmentError{Err: fmt.Errorf("no instance could be reached: %w", err)}
		}
		if err != nil {
			return console.FailureError{Err: err}
		}
		_, err = fmt.Fprintf(con.Out, "%s\n", answer)
		return err
	}
	r := o.load.run(ctx, c, req)
	if note != nil {
		r.named(note.Names(ctx))
	}
	if err := o.print(con, r); err != nil {
		return err
	}
	if r.Errors > 0 {
		return console.FailureError{Err: fmt.Errorf("%d of %d calls failed", r.Errors, r.Calls)}
	}
	return nil
}

func (o *options) print(con *console.Console, r result) error {
	if con.JSON {
		return json.NewEncoder(con.Out).Encode(r)
	}
	return r.print(con.Out)
}
