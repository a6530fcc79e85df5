package throttle

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

var errBusy error = statusError(503)

// rig is a throttle before a service that takes so many calls a second, and
// turns the others away.
type rig struct {
	t *testing.T
	*Throttle
	call     endpoint.Endpoint
	capacity float64

	room      float64 // a token bucket of a tenth of a second
	filled    time.Time
	got, took int // calls that reached the service, and that it took
}

func newRig(t *testing.T, cfg Config, capacity float64) *rig {
	t.Helper()
	r := &rig{t: t, Throttle: NewThrottle(cfg), capacity: capacity, filled: time.Now()}
	r.call = r.Wrap(r.serve)
	return r
}

func (r *rig) serve(context.Context, any) (any, error) {
	r.room = min(r.room+r.capacity*time.Since(r.filled).Seconds(), max(1, r.capacity/10))
	r.filled = time.Now()
	r.got++
	if r.room < 1 {
		return nil, errBusy
	}
	r.room--
	r.took++
	return "ok", nil
}

// load calls rate times a second for d, and returns how many calls a second
// reached the service and how many of them it took.
func (r *rig) load(rate int, d time.Duration) (got, took float64) {
	r.t.Helper()
	r.got, r.took = 0, 0
	n := int(float64(rate) * d.Seconds())
	for range n {
		if _, err := r.call(r.t.Context(), nil); err != nil && err != errBusy && !errors.Is(err, ErrThrottled) {
			r.t.Fatal(err)
		}
		time.Sleep(time.Second / time.Duration(rate))
	}
	perCall := float64(rate) / float64(n)
	return float64(r.got) * perCall, float64(r.took) * perCall
}

// recovers has the service take everything from now on, and checks that within
// a window all calls go through again.
func (r *rig) recovers(when string, rate int, window time.Duration) {
	r.t.Helper()
	r.capacity = float64(rate) * 2
	start, took := time.Now(), time.Duration(0)
	for range slots {
		r.load(rate, window/slots)
		if took == 0 && r.Stats().Chance == 0 {
			took = time.Since(start)
		}
	}
	r.t.Logf("%s, at %d/s: nothing is rejected from about %v after the service was back", when, rate, took.Round(100*time.Millisecond))
	if got, _ := r.load(rate, window/slots); got < float64(rate)*0.99 {
		r.t.Errorf("%s, %v after the service was back: %v of %d calls a second are let through", when, window, got, rate)
	}
}
