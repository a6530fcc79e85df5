package call

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// load is many calls of the same kind.
type load struct {
	calls   int     // how many
	workers int     // at most so many at a time
	rate    float64 // per second, by the clock; as fast as they go if 0
}

// result is what came of a load.
type result struct {
	Calls     int            `json:"calls"`
	Errors    int            `json:"errors"`
	Retries   int            `json:"retries"`
	P50       float64        `json:"p50_ms"`
	P99       float64        `json:"p99_ms"`
	Instances []share        `json:"instances"`
	Failures  map[string]int `json:"failures,omitempty"` // how many calls failed with each error
}

// share is what one instance got.
type share struct {
	Name     string `json:"name,omitempty"` // in a session of kitgen dev
	Addr     string `json:"addr"`
	Attempts int    `json:"attempts"`
}

// run makes the calls of l through c, each within a time if that is above 0. No more
// begin once ctx ends; those under way may go on to their end, but not for ever.
func (l load) run(ctx context.Context, c *client, job any, within time.Duration) result {
	calling, cancel := outlive(ctx, grace)
	defer cancel()
	t := &tally{failures: map[string]int{}}
	turns := make(chan struct{})
	var workers sync.WaitGroup
	for range min(l.workers, l.calls) {
		workers.Go(func() {
			for range turns {
				begin := time.Now()
				err := c.once(calling, job, within)
				t.add(time.Since(begin), err)
			}
		})
	}
	l.pace(ctx, turns)
	close(turns)
	workers.Wait()
	return t.result(c)
}

// grace is how long calls that are under way may go on after a Ctrl-C. Some have no
// time limit of their own.
const grace = 10 * time.Second

// outlive is a context that ends some time after ctx.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	late := time.AfterFunc(math.MaxInt64, cancel)
	stop := context.AfterFunc(ctx, func() { late.Reset(by) })
	return longer, func() {
		stop()
		late.Stop()
		cancel()
	}
}

// once makes a call of a load.
func (c *client) once(ctx context.Context, job any, within time.Duration) error {
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	_, err := c.call(ctx, job)
	return err
}

// pace hands out turns.
func (l load) pace(ctx context.Context, turns chan<- struct{}) {
	begin := time.Now()
	for n := range l.calls {
		if l.rate > 0 {
			timer := time.NewTimer(time.Until(begin.Add(l.due(n))))
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// due is when the call after n others begins; hardly ever, at rates near 0.
func (l load) due(n int) time.Duration {
	return time.Duration(min(float64(n)/l.rate*float64(time.Second), 1<<62))
}

// tally counts calls.
type tally struct {
	mu       sync.Mutex // guards the rest
	took     []time.Duration
	calls    int
	errors   int
	failures map[string]int
}

func (t *tally) add(took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	if err != nil {
		t.errors++
		t.failures[err.Error()]++
		return
	}
	t.took = append(t.took, took)
}

func (t *tally) result(c *client) result {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(t.took)
	r := result{Calls: t.calls, Errors: t.errors, Retries: c.retries, P50: quantile(t.took, 0.5), P99: quantile(t.took, 0.99), Failures: t.failures}
	for _, addr := range slices.Sorted(maps.Keys(c.counts)) {
		r.Instances = append(r.Instances, share{Addr: addr, Attempts: c.counts[addr]})
	}
	return r
}

// named gives the instances the names that they have in a session.
func (r *result) named(names map[string]string) {
	for i, s := range r.Instances {
		r.Instances[i].Name = names[s.Addr]
	}
	slices.SortFunc(r.Instances, func(a, b share) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Addr, b.Addr)) })
}

// quantile is in milliseconds; 0 of nothing.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(q*float64(len(sorted)-1))]) / float64(time.Millisecond)
}
