package dns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Watcher = (*Watcher)(nil)

// Watcher watches one name. It may be used by any number of goroutines, and
// holds no resources while no Watch runs.
type Watcher struct {
	name string
	cfg  Config

	mu   sync.Mutex    // guards the field below
	last []sd.Instance // who was last there, of whichever Watch, until they have left
}

// NewWatcher makes a Watcher of name: host:port for the addresses of host, or a
// name that has SRV records, which begins with "_" unless Config.SRV is set. It
// does not touch the network; Watch tells what is wrong with its arguments.
func NewWatcher(name string, cfg Config) *Watcher { return &Watcher{name: name, cfg: cfg} }

// String says what is watched.
func (w *Watcher) String() string { return "dns " + w.name }

// Watch looks the name up, reports who is there, and does so again when the
// TTL ends and the answer is another, until ctx ends. It returns an error when
// no server gives an answer that can be used; nobody is removed by that.
func (w *Watcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	err := w.watch(ctx, update)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("watch DNS name %q: %w", clip(w.name), err)
}

func (w *Watcher) watch(ctx context.Context, update func([]sd.Instance)) error {
	cfg, q, err := w.cfg.settle(w.name)
	if err != nil {
		return err
	}
	r := &resolver{cfg: cfg, conf: resolvConf}
	return w.follow(ctx, schedule{cfg.MinRefresh, cfg.MaxRefresh}, func(ctx context.Context) (finding, error) {
		return r.find(ctx, q)
	}, update)
}

// finding is what one look says.
type finding struct {
	set     []sd.Instance // some of it may be unusable, for others to see
	ttl     time.Duration
	decided bool // nobody is there, by intent
}

func (f *finding) empty() bool {
	return !slices.ContainsFunc(f.set, func(in sd.Instance) bool { return in.Validate() == nil })
}

// follow is Watch without the network.
func (w *Watcher) follow(ctx context.Context, s schedule, look func(context.Context) (finding, error), update func([]sd.Instance)) error {
	t := teller{w: w, update: update, known: w.remembered()}
	for {
		f, err := look(ctx)
		if err == nil && t.doubts(&f) {
			f, err = again(ctx, s, look)
		}
		if err != nil {
			return err
		}
		t.tell(&f)
		if !pause(ctx, s.next(f.ttl)) {
			return context.Cause(ctx)
		}
	}
}

// teller turns what one Watch finds into what it reports.
type teller struct {
	w      *Watcher
	update func([]sd.Instance)
	known  []sd.Instance // who was last there, and has not left
	told   []sd.Instance // the last set
	began  bool          // there was one
}

// doubts says whether f is news that should be heard twice.
func (t *teller) doubts(f *finding) bool {
	return f.empty() && !f.decided && (len(t.told) > 0 || !t.began)
}

func (t *teller) tell(f *finding) {
	sortSet(f.set)
	left := f.decided && len(t.known) > 0
	if left {
		t.update(draining(t.known))
	}
	if left || !t.began || !slices.EqualFunc(f.set, t.told, same) {
		t.update(f.set)
		t.told, t.began = f.set, true
	}
	if left || len(f.set) > 0 {
		t.known = f.set
		t.w.remember(f.set)
	}
}

// again looks once more, since nobody is there. The resolver has turned to its
// next server by then.
func again(ctx context.Context, s schedule, look func(context.Context) (finding, error)) (finding, error) {
	if !pause(ctx, s.next(0)) {
		return finding{}, context.Cause(ctx)
	}
	f, err := look(ctx)
	if err != nil {
		return f, errors.Join(errors.New("nobody is there, says one answer; the next"), err)
	}
	return f, nil
}

func (w *Watcher) remembered() []sd.Instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *Watcher) remember(set []sd.Instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = set
}

// sortSet undoes the shuffle of name servers.
func sortSet(set []sd.Instance) {
	slices.SortFunc(set, func(a, b sd.Instance) int { return strings.Compare(a.Addr, b.Addr) })
}

func same(a, b sd.Instance) bool { return a.Addr == b.Addr && a.Weight == b.Weight }

func draining(set []sd.Instance) []sd.Instance {
	leaving := slices.Clone(set)
	for i := range leaving {
		leaving[i].State = sd.Draining
	}
	return leaving
}
