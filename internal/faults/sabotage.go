package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// sabotage switches one mechanism off, in a build of this program and in no
// file: the row that guards it must fail then. A row that does not would pass
// whether or not the mechanism worked.
type sabotage struct {
	mechanism string
	file      string // seen from the module's folder
	old       string // stands there once
	replaced  string
	row       string // the one that guards it
}

// sabotages are of what the promises to users rest on.
func sabotages() []sabotage {
	return []sabotage{
		{
			// A watch that broke goes on from where it was. What was compacted
			// meanwhile, it never hears of.
			mechanism: "re-list", file: "sd/etcd/follower.go",
			old:      "\t_, err := f.read(ctx)\n\treturn err\n",
			replaced: "\tif f.rev != 0 {\n\t\treturn nil\n\t}\n\t_, err := f.read(ctx)\n\treturn err\n",
			row:      "16 etcd",
		},
		{
			// A frozen member does not guard it: gRPC's pings notice that too.
			mechanism: "watchdog", file: "sd/etcd/follower.go",
			old:      "\t\tcase <-silence.C:\n",
			replaced: "\t\tcase <-(chan time.Time)(nil):\n",
			row:      "9 etcd starved",
		},
		{
			mechanism: "hold", file: "sd/protect.go",
			old:      "\tcase p.off:\n",
			replaced: "\tcase p.off || true:\n",
			row:      "6 etcd",
		},
		{
			// Nobody is told, and the lease ends by itself.
			mechanism: "revoke", file: "sd/etcd/lease.go",
			old:      "\t_, err := r.client.Revoke(ctx, r.lease)\n",
			replaced: "\tvar err error\n",
			row:      "2 etcd",
		},
		{
			// A stream whose handler returned when it was told to looks complete.
			mechanism: "cut over gRPC", file: "transport/kitgrpc/interceptor.go",
			old:      "\tif st.stopped() {\n\t\terr = transport.ErrStopping\n\t}\n",
			replaced: "\t_ = transport.ErrStopping\n",
			row:      "47 etcd grpc streams",
		},
		{
			mechanism: "cut over HTTP", file: "transport/kithttp/inflight.go",
			old:      "\t\tpanic(http.ErrAbortHandler) // with a length, net/http sees to it\n",
			replaced: "",
			row:      "47 etcd client streams",
		},
	}
}

// build makes the sabotaged program in dir.
func (s sabotage) build(ctx context.Context, dir string) (program string, err error) {
	root, err := moduleDir(ctx)
	if err == nil {
		p := patch{filepath.Join(root, filepath.FromSlash(s.file)), s.old, s.replaced}
		program, err = p.build(ctx, root, dir)
	}
	if err != nil {
		return "", fmt.Errorf("sabotage of %s: %w", s.mechanism, err)
	}
	return program, nil
}

// try builds the sabotaged program and returns what its row came to, which
// should be failure.
func (s sabotage) try(ctx context.Context, dir string, logs io.Writer) (result, error) {
	r, ok := named(rows(), s.row)
	if !ok {
		return result{}, fmt.Errorf("sabotage of %s: there is no row %q", s.mechanism, s.row)
	}
	program, err := s.build(ctx, dir)
	if err != nil {
		return result{}, err
	}
	m := matrix{program: program, logs: logs, length: length{overtime: time.Second, short: true}}
	return m.runRow(ctx, r), nil
}

// errUnguarded is that of a mechanism whose row passes without it.
var errUnguarded = errors.New("the row does not guard the mechanism")

// sabotageAll tries every sabotage and says what became of it.
func (m *matrix) sabotageAll(ctx context.Context, out io.Writer) error {
	var errs []error
	for _, s := range sabotages() {
		dir, err := os.MkdirTemp("", "kitgen-sabotage-")
		if err != nil {
			return err
		}
		res, err := s.try(ctx, dir, m.logs)
		if err == nil && !res.failed() {
			err = fmt.Errorf("%w: without %s, %s passes", errUnguarded, s.mechanism, s.row)
		}
		if err == nil {
			fmt.Fprintf(out, "ok    without %-13s row %s fails: %s\n", s.mechanism, s.row, res.Violations[0])
		} else {
			fmt.Fprintf(out, "FAIL  without %-13s %v\n", s.mechanism, err)
		}
		errs = append(errs, err, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
