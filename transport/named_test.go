package transport_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/kitgen/kitgen/transport"
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
