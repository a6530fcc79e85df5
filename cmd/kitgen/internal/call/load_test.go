package call

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestALoadIsPacedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := &client{counts: map[string]int{"b:1": 5, "a:1": 4, "a:2": 1}, call: func(context.Context, any) (any, error) {
			n++
			time.Sleep(time.Duration(n) * time.Millisecond)
			if n%4 == 0 {
				return nil, errors.New("no")
			}
			return nil, nil
		}}
		begin := time.Now()
		r := load{calls: 8, workers: 1, rate: 10}.run(t.Context(), c, nil, 0)
		if took := time.Since(begin); took != 708*time.Millisecond { // the last begins after 700
			t.Errorf("took %s", took)
		}
		r.named(map[string]string{"a:1": "one", "a:2": "one", "b:1": "two"})
		want := result{
			Calls: 8, Errors: 2, P50: 3, P99: 6, Failures: map[string]int{"no": 2},
			Instances: []share{{"one", "a:1", 4}, {"one", "a:2", 1}, {"two", "b:1", 5}},
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Error(diff)
		}
		var out strings.Builder
		if err := r.print(&out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("one  5\ntwo  5\ncalls 8   errors 2   retries 0   p50 3.0 ms   p99 6.0 ms\n     2 x no\n", out.String()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRatesAreNumbers(t *testing.T) {
	for _, rate := range []float64{math.NaN(), -1} {
		if err := (&options{load: load{calls: 1, workers: 1, rate: rate}}).check(); err == nil {
			t.Errorf("--rate %v was taken", rate)
		}
	}
	for rate, want := range map[float64]time.Duration{0.5: 6 * time.Second, math.Inf(1): 0, 1e-300: 1 << 62} {
		if got := (load{rate: rate}).due(3); got != want {
			t.Errorf("at a rate of %v the fourth call is due after %v, want %v", rate, got, want)
		}
	}
}

func TestALoadThatIsEndedLosesNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		c := &client{counts: map[string]int{}, call: func(ctx context.Context, _ any) (any, error) {
			time.Sleep(time.Second)
			return nil, ctx.Err()
		}}
		if r := (load{calls: 1000, workers: 2}).run(ctx, c, nil, 0); r.Calls != 6 || r.Errors != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestALoadThatIsEndedDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := &client{counts: map[string]int{}, call: func(ctx context.Context, _ any) (any, error) {
			<-ctx.Done() // as a server that never answers has it, where nothing limits a call
			return nil, ctx.Err()
		}}
		begin := time.Now()
		r := load{calls: 1000, workers: 2}.run(ctx, c, nil, 0)
		if took := time.Since(begin); took != time.Second+grace || r.Errors != 2 {
			t.Errorf("after %s: %+v", took, r)
		}
	})
}
