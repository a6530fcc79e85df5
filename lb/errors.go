package lb

import (
	"errors"
	"fmt"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// ErrNoEndpoints is go-kit's error for a pool without any instance to call. The
// errors of this package that match it say why there is none, and answer true
// to NotSent() bool: nothing was sent, so a retry may always try again.
var ErrNoEndpoints = kitlb.ErrNoEndpoints

// errClosed is the cause of ErrNoEndpoints after Close.
var errClosed = errors.New("the pool is closed")

// noEndpoints is ErrNoEndpoints with its reason. The pool makes it when the set
// of instances changes, so that a pick which fails allocates nothing either.
type noEndpoints struct{ cause error }

func (e *noEndpoints) Error() string   { return fmt.Sprintf("%v: %v", ErrNoEndpoints, e.cause) }
func (e *noEndpoints) Unwrap() []error { return []error{ErrNoEndpoints, e.cause} }
func (e *noEndpoints) NotSent() bool   { return true }

// notCalled says why a node's endpoint refused a call before anything was sent.
type notCalled struct {
	node *node
	why  string
}

func (e *notCalled) Error() string { return fmt.Sprintf("instance %s: %s", e.node.id, e.why) }
func (e *notCalled) NotSent() bool { return true }

// refusals are a node's notCalled errors, made once.
type refusals struct{ tried, unready, gone notCalled }

func newRefusals(n *node) *refusals {
	return &refusals{
		tried:   notCalled{n, "already tried by this call"},
		unready: notCalled{n, "its guard lets no call through"},
		gone:    notCalled{n, "left before the call began"},
	}
}

// notSent reports whether err says that nothing was sent.
func notSent(err error) bool {
	var e interface{ NotSent() bool }
	return errors.As(err, &e) && e.NotSent()
}
