package transport

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/tree"
)

// Step is one thing that Serve did or is doing.
type Step struct {
	Name    string        `json:"name"`              // see Timeline
	Server  string        `json:"server,omitempty"`  // whose, by its name; the process's if empty
	At      time.Time     `json:"at"`                // when it began
	Since   time.Duration `json:"since_ns"`          // At, after the first step
	Took    time.Duration `json:"took_ns"`           // so far, while Running
	Running bool          `json:"running,omitempty"` // not over; of a process that has stopped: left behind
	Why     string        `json:"why,omitempty"`     // what caused it, or what it came to, in a few words
	Err     string        `json:"err,omitempty"`     // what went wrong; nothing if empty
}

// Timeline is what Serve did and when, and says at the end why the process
// stopped as it did. The zero value is ready. It is safe for concurrent use and
// may be read at any time, while Serve runs and after it. It belongs to one
// Serve; another that is given it adds to it.
//
// The steps of a start are config, listening (each server), self-probe (each),
// ready, registration (as long as it takes the registry to confirm it, however
// late) and serving; those of a stop are stopping, unready, deregistration,
// propagation, drain (each server), forced (if calls were cut off), close (each)
// and stopped.
type Timeline struct {
	mu    sync.Mutex // guards steps
	steps []Step
}

// Steps returns the steps so far, in the order in which they began.
func (t *Timeline) Steps() []Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	steps := slices.Clone(t.steps)
	for i := range steps {
		if s := &steps[i]; s.Running {
			s.Took = time.Since(s.At)
		}
	}
	return steps
}

// String is a table with a line for each step.
func (t *Timeline) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range t.Steps() {
		took := s.Took.Round(time.Millisecond).String()
		if s.Running {
			took += " …"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Since.Round(time.Millisecond), s.Name, cmp.Or(s.Server, "-"), took, s.outcome())
	}
	_ = w.Flush() // into memory
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ") // where the last column is empty
	}
	return strings.Join(lines, "\n")
}

func (s Step) outcome() string {
	if s.Why != "" && s.Err != "" {
		return s.Why + ": " + s.Err
	}
	return s.Why + s.Err
}

// begin notes that a step has begun. Its end is for the one who began it.
func (t *Timeline) begin(name, server, why string) *running {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Step{Name: name, Server: server, At: time.Now(), Running: true, Why: why}
	if len(t.steps) > 0 {
		s.Since = s.At.Sub(t.steps[0].At)
	}
	t.steps = append(t.steps, s)
	return &running{t, len(t.steps) - 1}
}

// running is a step that is not over yet.
type running struct {
	t *Timeline
	i int
}

// end notes that the step is over and returns it as it then is. Why is kept if
// it is empty.
func (r *running) end(why string, err error) Step {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	s := &r.t.steps[r.i]
	s.Running, s.Took, s.Why, s.Err = false, time.Since(s.At), cmp.Or(why, s.Why), brief(err)
	return *s
}

// now returns the step as it is.
func (r *running) now() Step {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	return r.t.steps[r.i]
}

// brief is the text of err without the stacks of panics, on one line.
func brief(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	_ = tree.First(err, func(err error) bool {
		if p, ok := err.(*guard.Panic); ok { //nolint:errorlint // every error of the tree comes by
			text = strings.ReplaceAll(text, "\n"+string(p.Stack), "")
		}
		return false
	})
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}
