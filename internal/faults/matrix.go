package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// matrix is one run of many rows.
type matrix struct {
	rows     []row
	parallel int
	length   length
	list     bool
	json     bool
	verbose  bool
	sabotage bool
	markdown string
	program  string // that runs the rows; this one if empty
	logs     io.Writer
}

// errFailed is that of a run in which not every row was as it should be.
var errFailed = errors.New("rows failed")

// run runs the rows and prints each as it ends. The error says whether all
// were as they should be.
func (m *matrix) run(ctx context.Context, out io.Writer) error {
	if m.list {
		return printRows(out, m.rows)
	}
	if err := servers.Prebuild(ctx, m.logs); err != nil {
		return err
	}
	if m.sabotage {
		return m.sabotageAll(ctx, out)
	}
	start := time.Now()
	results := m.runAll(ctx, func(r result) { printResult(out, r) })
	printNotRun(out, results)
	fmt.Fprintf(out, "\n%s, in %v\n", tally(results), time.Since(start).Round(time.Second))
	if m.markdown != "" {
		if err := os.WriteFile(m.markdown, markdown(results), 0o644); err != nil { //nolint:gosec // a document
			return fmt.Errorf("-markdown: %w", err)
		}
	}
	if m.json {
		if err := writeJSON(out, results); err != nil {
			return err
		}
	}
	if i := slices.IndexFunc(results, func(r result) bool { return r.failed() }); i >= 0 {
		return fmt.Errorf("%w: %s", errFailed, tally(results))
	}
	return ctx.Err()
}

// runAll runs those rows side by side that mostly wait, then the others one by
// one. Results come in the order of the rows.
func (m *matrix) runAll(ctx context.Context, ended func(result)) []result {
	results := make([]result, len(m.rows))
	var printing sync.Mutex
	run := func(i int) {
		results[i] = m.runRow(ctx, m.rows[i])
		printing.Lock()
		defer printing.Unlock()
		ended(results[i])
	}
	var together sync.WaitGroup
	slots := make(chan struct{}, m.parallel)
	for i, r := range m.rows {
		if r.alone {
			continue
		}
		slots <- struct{}{}
		together.Go(func() {
			defer func() { <-slots }()
			run(i)
		})
	}
	together.Wait()
	for i, r := range m.rows {
		if r.alone {
			run(i)
		}
	}
	m.again(ctx, results, ended)
	return results
}

// again gives rows a second try that failed while the machine had no time for
// them, and says so.
func (m *matrix) again(ctx context.Context, results []result, ended func(result)) {
	for i, first := range results {
		if !first.unfair() || ctx.Err() != nil {
			continue
		}
		results[i] = m.runRow(ctx, m.rows[i])
		results[i].Again = fmt.Sprintf("this is the second try: in the first, which failed, the machine did not run the row for %s", inSeconds(first.HaltedMS))
		ended(results[i])
	}
}

// rowTimeout ends a row that hangs; the longest takes four minutes.
const rowTimeout = 8 * time.Minute

// runRow runs one row in a process of its own: what it leaks, and if it
// crashes, is its own business, and it can count what it uses.
func (m *matrix) runRow(ctx context.Context, r row) result {
	if r.needs != nil {
		if err := r.needs(); err != nil {
			res := newResult(r)
			res.NotRun = err.Error()
			return res
		}
	}
	out, logs, err := m.runProcess(ctx, r)
	var res result
	if err == nil {
		err = json.Unmarshal(out, &res)
	}
	if err != nil {
		res = newResult(r)
		res.Violations = []string{fmt.Sprintf("the row's process: %v; it last said:\n%s", err, tail(logs))}
		res.verdict()
	}
	return res
}

func (m *matrix) runProcess(ctx context.Context, r row) (out, logs []byte, err error) {
	program := m.program
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return nil, nil, err
		}
	}
	limit := rowTimeout
	if r.sized {
		limit += m.length.soak
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("killed after %v", limit))
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, append([]string{"row", "-name", r.name}, m.length.args()...)...) //nolint:gosec,noctx // ourselves; its children must have the time to end
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if m.verbose {
		cmd.Stderr = io.MultiWriter(&stderr, &lines{name: r.name, out: m.logs})
	}
	c, err := launch(cmd)
	if err != nil {
		return nil, nil, err
	}
	select {
	case <-c.gone:
	case <-ctx.Done():
		_ = c.signal(syscall.SIGTERM) // fails only if it is gone already
		select {
		case <-c.gone:
		case <-time.After(10 * time.Second):
			c.kill()
		}
		if stdout.Len() == 0 {
			return nil, stderr.Bytes(), context.Cause(ctx)
		}
	}
	if code := c.exitCode(); code != 0 {
		return nil, stderr.Bytes(), fmt.Errorf("exit status %d", code)
	}
	return stdout.Bytes(), stderr.Bytes(), nil
}

// tail is the end of what a row said.
func tail(logs []byte) []byte {
	const most = 4096
	return logs[max(0, len(logs)-most):]
}
