package ticker

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
)

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

func trade(symbol string, cents int64) Trade {
	return Trade{Symbol: symbol, Cents: cents, At: noon.Add(time.Duration(cents) * time.Second)}
}

// watched is a ticker that knows whether somebody still watches.
type watched struct {
	*service
	watching sync.WaitGroup
}

func (w *watched) Watch(ctx context.Context, symbols ...string) (iter.Seq2[Trade, error], error) {
	trades, err := w.service.Watch(ctx, symbols...)
	w.watching.Add(1)
	return func(yield func(Trade, error) bool) {
		defer w.watching.Done()
		trades(yield)
	}, err
}

// everyFresh calls test with a ticker of its own for each way to call one, and
// waits until nobody watches that any more.
func everyFresh(t *testing.T, test func(t *testing.T, svc Service)) {
	t.Helper()
	for _, way := range []string{"in process", "http", "grpc"} {
		t.Run(way, func(t *testing.T) {
			svc := &watched{service: newService()}
			report(t, svc, trade("ACME", 100), trade("INIT", 200), trade("ACME", 110))
			test(t, everyWay(t, svc)[way])
			svc.watching.Wait()
			if n := len(svc.watchers); n > 0 {
				t.Errorf("%d still watch", n)
			}
		})
	}
}

func report(t *testing.T, svc Service, trades ...Trade) {
	t.Helper()
	if n, err := svc.Report(t.Context(), slices.Values(trades)); err != nil || n != len(trades) {
		t.Fatalf("%d trades were counted, error %v, want %d", n, err, len(trades))
	}
}

// watch returns what gets the next trade.
func watch(t *testing.T, svc Service, symbols ...string) (next func() Trade, stop func()) {
	t.Helper()
	trades, err := svc.Watch(t.Context(), symbols...)
	if err != nil {
		t.Fatal(err)
	}
	pull, stop := iter.Pull2(trades)
	return func() Trade {
		t.Helper()
		got, err, ok := pull()
		if err != nil || !ok {
			t.Fatalf("no more trades: %v", err)
		}
		return got
	}, stop
}

func TestLast(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		got, err := svc.Last(t.Context(), "ACME")
		if diff := cmp.Diff(trade("ACME", 110), got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got)\n%s", err, diff)
		}
		if _, err := svc.Last(t.Context(), "a/b c"); !errors.Is(err, ErrNoPrice) {
			t.Errorf("error %v, want %v", err, ErrNoPrice)
		}
	})
}

func TestWatch(t *testing.T) {
	tests := []struct {
		name    string
		symbols []string
		report  []Trade
		want    []Trade
	}{
		{
			name:   "all",
			report: []Trade{trade("NEXT", 300), trade("ACME", 120)},
			want:   []Trade{trade("ACME", 110), trade("INIT", 200), trade("NEXT", 300), trade("ACME", 120)},
		},
		{
			name:    "two",
			symbols: []string{"INIT", "NEXT"},
			report:  []Trade{trade("ACME", 120), trade("NEXT", 300), trade("INIT", 210)},
			want:    []Trade{trade("INIT", 200), trade("NEXT", 300), trade("INIT", 210)},
		},
		{
			name:    "one that was never traded",
			symbols: []string{"NEXT"},
			report:  []Trade{trade("NEXT", 300)},
			want:    []Trade{trade("NEXT", 300)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			everyFresh(t, func(t *testing.T, svc Service) {
				next, stop := watch(t, svc, tt.symbols...)
				defer stop()
				known := len(tt.want) - len(tt.report)
				if len(tt.symbols) == 2 {
					known = 1 // one of those that are reported is not asked for
				}
				var got []Trade
				for len(got) < known {
					got = append(got, next())
				}
				report(t, svc, tt.report...)
				for len(got) < len(tt.want) {
					got = append(got, next())
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// Trades arrive one by one, each before the next is sent.
func TestReportAndWatchAtOnce(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		next, stop := watch(t, svc, "ACME")
		defer stop()
		next()
		n, err := svc.Report(t.Context(), func(yield func(Trade) bool) {
			for cents := range int64(20) {
				want := trade("ACME", 120+cents)
				if !yield(want) {
					t.Error("the server wants no more")
					return
				}
				if diff := cmp.Diff(want, next()); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
		if err != nil || n != 20 {
			t.Errorf("%d trades were counted, error %v, want 20", n, err)
		}
	})
}

// A trade without a time has that of its report.
func TestReportTells(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		before := time.Now()
		report(t, svc, Trade{Symbol: "NOW", Cents: 1})
		got, err := svc.Last(t.Context(), "NOW")
		if err != nil || got.At.Before(before.Round(0)) {
			t.Errorf("traded at %v, error %v, want it after %v", got.At, err, before)
		}
	})
}

// What came before its sender gave up stays.
func TestReportBreaksOff(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		next, stop := watch(t, svc, "ACME")
		defer stop()
		next()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := svc.Report(ctx, func(yield func(Trade) bool) {
			yield(trade("ACME", 120))
			next() // it has arrived
			cancel()
		})
		// The end may overtake the cancellation.
		if err != nil && transport.ErrorOf(err).Code != "canceled" {
			t.Errorf("error %v, want canceled, or none", err)
		}
		if got, err := svc.Last(t.Context(), "ACME"); err != nil || got.Cents != 120 {
			t.Errorf("the last trade is %+v, error %v, want that which came", got, err)
		}
	})
}

// Who does not read is turned away, and keeps nobody waiting.
func TestSlowWatcher(t *testing.T) {
	svc := newService()
	report(t, svc, trade("ACME", 100))
	trades, err := svc.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range trades {
		if n++; n == 1 {
			report(t, svc, slices.Repeat([]Trade{trade("ACME", 110)}, patience+1)...)
		}
		if err != nil && (!errors.Is(err, ErrSlow) || n != patience+2) {
			t.Errorf("trade %d: error %v, want %v after %d", n, err, ErrSlow, patience+1)
		}
	}
	if n != patience+2 || len(svc.watchers) > 0 {
		t.Errorf("%d answers, and %d watch; want %d, and nobody", n, len(svc.watchers), patience+2)
	}
}

// A stream ends with its context.
func TestWatchEnds(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		trades, err := svc.Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range trades {
			if err != nil {
				if code := transport.ErrorOf(err).Code; code != "canceled" {
					t.Errorf("error %v of code %q, want canceled", err, code)
				}
				break
			}
			if n++; n == 2 {
				cancel()
			}
		}
		if n != 2 {
			t.Errorf("%d trades, want the two that are known", n)
		}
	})
}
