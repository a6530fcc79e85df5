package observe_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/transport"
)

type statusError int

func (e statusError) Error() string   { return fmt.Sprint("status ", int(e)) }
func (e statusError) StatusCode() int { return int(e) }

type notSent struct{}

func (notSent) Error() string { return "not sent" }
func (notSent) NotSent() bool { return true }

// TestStatusIsWhatATransportAnswers compares with transport.ErrorOf, which
// writes the answer.
func TestStatusIsWhatATransportAnswers(t *testing.T) {
	for _, err := range []error{
		errDown, statusError(404), statusError(503), statusError(302), statusError(0), fmt.Errorf("sum: %w", statusError(429)),
		context.Canceled, context.DeadlineExceeded, kitlb.ErrNoEndpoints, notSent{}, errors.Join(errDown, context.Canceled),
		observe.ErrUnfinished,
	} {
		want := transport.ErrorOf(err).Status
		r := observe.Result{Err: err, Outcome: classify.Default(t.Context(), nil, err)}
		if got := r.Status(); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
		r = observe.Result{Response: failer{err}, Outcome: classify.Failure}
		if _, unsent := err.(notSent); !unsent && r.Status() != want {
			t.Errorf("%v of a Failer: %d, want %d", err, r.Status(), want)
		}
	}
}

func TestStatusOfSuccess(t *testing.T) {
	for name, response := range map[string]any{"none": nil, "a number": 3, "a Failer that did not": failer{nil}} {
		r := observe.Result{Response: response}
		if r.Status() != 200 || r.Cause() != nil {
			t.Errorf("%s: %d, %v", name, r.Status(), r.Cause())
		}
	}
}
