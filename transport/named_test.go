package transport_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

var errEmpty = errors.New("empty name")

func TestWithCode(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("greet: %w", errEmpty)
	err := fmt.Errorf("server: %w", transport.WithCode(cause, "empty", http.StatusUnprocessableEntity))
	e := transport.ErrorOf(err)
	if e.Status != http.StatusUnprocessableEntity || e.Code != "empty" || e.Message != "server: greet: empty name" {
		t.Errorf("on the wire it is %+v", e)
	}
	if !errors.Is(err, errEmpty) {
		t.Error("it is not the error that it was")
	}
	again := transport.ErrorOf(transport.WithCode(&transport.Error{Status: http.StatusGone, Code: "gone"}, "empty", http.StatusBadRequest))
	if again.Status != http.StatusBadRequest || again.Code != "empty" {
		t.Errorf("an error that had a code has %+v", again)
	}
}

func TestAlsoIs(t *testing.T) {
	t.Parallel()
	came := &transport.Error{Status: http.StatusUnprocessableEntity, Code: "empty", Message: "empty name: line 3"}
	err := fmt.Errorf("call: %w", transport.AlsoIs(came, errEmpty))
	if !errors.Is(err, errEmpty) || !errors.Is(err, &transport.Error{Code: "empty"}) {
		t.Errorf("%v is not both", err)
	}
	if got := transport.ErrorOf(err); got.Status != came.Status || got.Code != came.Code || got.Message != "call: empty name: line 3" {
		t.Errorf("on the next wire it is %+v", got)
	}
}

// limited is an error that a service declared, with an opinion on coming again.
type limited struct{ error }

func (l limited) Unwrap() error                   { return l.error }
func (limited) StatusCode() int                   { return http.StatusTeapot }
func (limited) NotSent() bool                     { return true }
func (limited) RetryAfter() (time.Duration, bool) { return time.Hour, true }

// TestAliasesSayNothingOfTheirOwn: what the server did not say, the declared error
// does not say for it.
func TestAliasesSayNothingOfTheirOwn(t *testing.T) {
	t.Parallel()
	declared := limited{errEmpty}
	err := transport.AlsoIs(errors.New("came"), declared)
	if !errors.Is(err, declared) || !errors.Is(err, errEmpty) {
		t.Errorf("%v is not what was declared", err)
	}
	if after, ok := pushback.Of(err); ok {
		t.Errorf("it is to come again after %v, which nobody said", after)
	}
	if e := transport.ErrorOf(err); e.Status != http.StatusInternalServerError {
		t.Errorf("on the next wire it is %+v", e)
	}
}

// A success stays one, also where a declared error has no value yet and errors.Is
// takes nil for it.
func TestNoErrorIsNamed(t *testing.T) {
	t.Parallel()
	if err := transport.WithCode(nil, "empty", http.StatusBadRequest); err != nil {
		t.Errorf("WithCode of nil is %#v", err)
	}
	if err := transport.AlsoIs(nil, errEmpty); err != nil {
		t.Errorf("AlsoIs of nil is %#v", err)
	}
	came := &transport.Error{Status: http.StatusGone, Code: "gone"}
	if err := transport.AlsoIs(came, nil); !errors.Is(err, came) || errors.Is(err, errEmpty) || transport.ErrorOf(err).Code != "gone" {
		t.Errorf("with a target that has no value it is %+v", err)
	}
}

// A service declares plain errors. Its server gives them codes, and its client
// finds them again.
func ExampleWithCode() {
	errEmpty := errors.New("empty name")

	served := transport.WithCode(fmt.Errorf("greet: %w", errEmpty), "empty", http.StatusBadRequest)
	onTheWire := transport.ErrorOf(served)
	fmt.Println(onTheWire.Status, onTheWire.Code, onTheWire.Message)

	received := transport.AlsoIs(onTheWire, errEmpty)
	fmt.Println(errors.Is(received, errEmpty), received)
	// Output:
	// 400 empty greet: empty name
	// true greet: empty name
}
