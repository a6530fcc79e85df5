package ticker

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// New returns a ticker that has seen no trade.
func New() Service { return newService() }

func newService() *service {
	return &service{last: map[string]Trade{}, watchers: map[*watcher]struct{}{}}
}

// service keeps the last trade of each symbol, and tells who watches.
type service struct {
	mu       sync.Mutex // guards what is below
	last     map[string]Trade
	watchers map[*watcher]struct{}
}

// watcher is one who watches.
type watcher struct {
	symbols []string   // all, if there are none
	trades  chan Trade // closed once it is full
}

// patience is how many trades a watcher may be behind.
const patience = 64

// Last does not wait for a first trade.
func (s *service) Last(_ context.Context, symbol string) (trade Trade, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	trade, ok := s.last[symbol]
	if !ok {
		return Trade{}, ErrNoPrice
	}
	return trade, nil
}

// Watch begins to watch when the caller begins to read.
func (s *service) Watch(ctx context.Context, symbols ...string) (trades iter.Seq2[Trade, error], err error) {
	return func(yield func(Trade, error) bool) {
		w, known := s.enter(symbols)
		defer s.leave(w)
		for _, t := range known {
			if !yield(t, nil) {
				return
			}
		}
		for {
			select {
			case <-ctx.Done():
				return
			case t, ok := <-w.trades:
				if !ok {
					yield(Trade{}, ErrSlow)
					return
				}
				if !yield(t, nil) {
					return
				}
			}
		}
	}, nil
}

// enter returns a new watcher and what it has missed.
func (s *service) enter(symbols []string) (*watcher, []Trade) {
	w := &watcher{symbols: symbols, trades: make(chan Trade, patience)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = struct{}{}
	known := slices.DeleteFunc(slices.Collect(maps.Values(s.last)), func(t Trade) bool { return !w.wants(t) })
	slices.SortFunc(known, func(a, b Trade) int { return cmp.Compare(a.Symbol, b.Symbol) })
	return w, known
}

func (s *service) leave(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, w)
}

func (w *watcher) wants(t Trade) bool {
	return len(w.symbols) == 0 || slices.Contains(w.symbols, t.Symbol)
}

// Report keeps what came, also if the rest does not.
func (s *service) Report(ctx context.Context, trades iter.Seq[Trade]) (count int, err error) {
	for t := range trades {
		if t.At.IsZero() {
			t.At = time.Now()
		}
		s.tell(t)
		count++
	}
	return count, ctx.Err()
}

// tell waits for no watcher: one that is too far behind is turned away.
func (s *service) tell(t Trade) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[t.Symbol] = t
	for w := range s.watchers {
		if !w.wants(t) {
			continue
		}
		select {
		case w.trades <- t:
		default:
			close(w.trades)
			delete(s.watchers, w)
		}
	}
}
