package call

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/dev"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/sd"
)

// run carries out a command line.
func (o *options) run(ctx context.Context, con *console.Console, words []string) error {
	if err := o.check(); err != nil {
		return err
	}
	words, err := o.sort(words)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	r := &run{options: o, con: con, note: session(ctx, dir)}
	all, err := r.contracts(dir)
	if err != nil {
		return err
	}
	if all == nil {
		return r.byReflection(ctx, words)
	}
	return r.byInterface(ctx, all, words)
}

// session is the one that runs here; nil if there is none.
func session(ctx context.Context, dir string) *dev.Note {
	note, err := dev.Find(dir)
	if err != nil || !note.Alive(ctx) {
		return nil
	}
	return note
}

// run is one run of the command.
type run struct {
	*options
	con  *console.Console
	note *dev.Note // of the session here; nil if there is none
}

// contracts are the services here that a call may be of; none if the target is that
// of another.
func (r *run) contracts(dir string) ([]*known, error) {
	if r.listed == "" {
		return services(dir, r.note)
	}
	t, err := sd.ParseTarget(r.listed)
	if err != nil {
		return nil, console.UsageError{Err: err}
	}
	if len(t.Path) == 0 {
		return nil, nil
	}
	return named(dir, t.Path[len(t.Path)-1], r.note)
}

// byInterface calls a method of a service that is here.
func (r *run) byInterface(ctx context.Context, all []*known, words []string) error {
	if len(words) == 0 || len(words) == 1 && isService(all, words[0]) {
		return r.list(methods(all, words))
	}
	k, m, words, err := choose(all, words)
	if err != nil {
		return err
	}
	wire, err := k.wire(m, r.over)
	if err != nil {
		return err
	}
	h := here{types: types{k.svc}, m: m, before: r.headers.onHTTP}
	if wire == "grpc" {
		if h.rpc, err = k.descriptor(m); err != nil {
			return err
		}
	}
	return r.prepared(h, words, func(job any) error {
		return r.through(ctx, r.target(k), wire, h.about(), func(ctx context.Context, c *client) error {
			return r.make(ctx, c, job)
		})
	})
}

// target is where instances of k are looked for.
func (r *run) target(k *known) string {
	switch {
	case r.listed != "":
		return r.listed
	case r.addr != "":
		return "static://" + r.addr
	case r.registry != "":
		return r.registry
	case r.note != nil && r.note.Registry != "":
		return dev.At(r.note.Registry, k.svc.Name)
	}
	return k.target()
}

// byReflection calls a method of a server that says what it serves.
func (r *run) byReflection(ctx context.Context, words []string) error {
	if r.over == "http" {
		return project.Refusal("--over http: a server tells by gRPC alone what it serves, and no service here is called as in the target" +
			"; go to the directory of the service, and give --addr or --registry in place of the target")
	}
	asking := about{Service: "server", Method: "reflection", again: true}
	return r.through(ctx, r.listed, "grpc", asking, func(ctx context.Context, c *client) error {
		answer, err := c.call(ctx, onGRPC(describe))
		if err != nil {
			return r.failure(ctx, c, fmt.Errorf("ask what is served: %w", err))
		}
		s, _ := answer.(*server) // nothing else comes of it
		if s == nil {
			return project.Refusal(c.at() + " does not say what it serves, since it has no gRPC reflection; go to the directory of the service, and give --addr or --registry in place of the target")
		}
		if len(words) == 0 || len(words) == 1 && s.has(words[0]) {
			return r.list(s.about(words))
		}
		m, words, err := s.method(words)
		if err != nil {
			return err
		}
		if err := c.around(m.about(), r.within); err != nil {
			return err
		}
		return r.prepared(m, words, func(job any) error { return r.make(ctx, c, job) })
	})
}

// list prints methods, since none is named.
func (r *run) list(all []about) error {
	if r.data != "" {
		return misuse("%.40s: name the METHOD that takes it; there are %s", r.data, strings.Join(names(all), ", "))
	}
	return list(r.con, all)
}

// through makes a client for as long as do runs, once there is somebody to call.
func (r *run) through(ctx context.Context, target, wire string, a about, do func(context.Context, *client) error) error {
	var certs *tls.Config
	var err error
	if r.secure() {
		certs, err = r.config(target)
	}
	if err == nil && wire == "grpc" {
		ctx, err = r.headers.onGRPC(ctx)
	}
	if err != nil {
		return err
	}
	c, err := open(target, wire, certs, a, r.within)
	if err != nil {
		return err
	}
	if err = c.ready(ctx); err == nil {
		err = do(ctx, c)
	}
	return errors.Join(err, c.close())
}

// prepared has do call m with what was given, once that is found right.
func (r *run) prepared(m callee, words []string, do func(job any) error) (err error) {
	a := m.about()
	switch {
	case a.streams() && r.calls > 1:
		return misuse("-n counts calls with one answer, and %s streams", a.Method)
	case a.needs && len(words) == 0 && r.data == "":
		return r.wanting(m)
	case a.StreamIn && r.data == "":
		r.data = "@-"
		if r.con.Typed() {
			r.con.Hint("type a JSON object with %s on each line; Ctrl-D ends them", console.Harmless(a.element))
		}
	}
	name := "--data"
	if strings.HasPrefix(r.data, "{") {
		name = "the request"
	}
	from, err := openData(name, r.data, r.con.In)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	var data input
	var more items
	if a.StreamIn {
		more = from.items(m.item)
	} else if data, err = from.whole(); err != nil {
		return err
	}
	req, err := m.request(words, data)
	if err != nil {
		return err
	}
	return do(m.job(req, more))
}

// make makes one call, or many.
func (r *run) make(ctx context.Context, c *client, job any) error {
	if r.calls > 1 {
		return r.many(ctx, c, job)
	}
	return r.one(ctx, c, job)
}

// wanting prints a request that m could be given.
func (r *run) wanting(m callee) error {
	text, err := m.example()
	if err != nil {
		return err
	}
	if err := show(r.con.Out, text); err != nil {
		return err
	}
	return project.Refusal(fmt.Sprintf("%s needs a request, such as this one: give it as JSON, as @FILE, or %s; {} is one with nothing in it", m.about().Method, m.about().usage()))
}

// many makes calls and prints what came of them.
func (r *run) many(ctx context.Context, c *client, job any) error {
	result := r.load.run(ctx, c, job, r.within)
	if r.note != nil {
		result.named(r.note.Names(ctx))
	}
	if r.con.JSON {
		line, err := json.Marshal(result)
		if err != nil {
			return err
		}
		if err := show(r.con.Out, line); err != nil {
			return err
		}
	} else if err := result.print(r.con.Out); err != nil {
		return err
	}
	if result.Errors > 0 {
		return console.FailureError{Err: fmt.Errorf("%d of %d calls failed", result.Errors, result.Calls)}
	}
	return nil
}
