package kithttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/kitgen/kitgen/transport/internal/kind"
)

// kept is how much of a request's body is read into memory, so that it can be sent
// to another instance.
const kept = 64 << 10

// exchange is a request that may be sent more than once, and knows when it must
// not be. It stands in for the request's body on the way through balancer and
// policies.
type exchange struct {
	r       *http.Request
	getBody func() (io.ReadCloser, error) // a new copy of the body; nil if there is none, or only one
	once    bool                          // it must not reach two instances, or cannot

	mu       sync.Mutex // guards what follows
	busy     bool       // an attempt is under way
	sent     bool       // an attempt may have reached an instance
	touched  bool       // something has been read of the only body
	closed   bool       // by whoever sent it
	broken   error      // why it could not be read on
	finished bool       // the round trip is over
}

// newExchange takes over r's body.
func newExchange(r *http.Request) (*exchange, error) {
	x := &exchange{r: r, getBody: r.GetBody, once: !repeatable(r)}
	if r.Body == nil || r.Body == http.NoBody {
		x.getBody = nil
		return x, nil
	}
	if x.getBody == nil && r.ContentLength > 0 && r.ContentLength <= kept {
		if err := x.keep(); err != nil {
			return nil, err
		}
	}
	x.once = x.once || x.getBody == nil
	return x, nil
}

// keep reads the body.
func (x *exchange) keep() error {
	body, err := io.ReadAll(io.LimitReader(x.r.Body, x.r.ContentLength+1))
	switch {
	case err != nil:
		return err
	case int64(len(body)) != x.r.ContentLength:
		return errLength
	}
	x.getBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

var errLength = errors.New("the request's body has another length than its ContentLength says")

// repeatable reports whether r does no harm when it is carried out twice: by its
// method (RFC 9110, 9.2.2), or since its caller has said so in a header, as net/http
// goes by, too.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	_, ok := r.Header["Idempotency-Key"]
	_, also := r.Header["X-Idempotency-Key"]
	return ok || also
}

// begin begins an attempt, and gives out its body.
func (x *exchange) begin(out *http.Request) error {
	x.mu.Lock()
	refused := x.once && (x.busy || x.sent)
	x.busy = x.busy || !refused
	x.mu.Unlock()
	if refused {
		return errOnce
	}
	if x.getBody == nil {
		return nil
	}
	body, err := x.getBody()
	if err != nil {
		x.end(false)
		return &bodyError{err}
	}
	out.Body, out.GetBody = body, x.getBody
	return nil
}

// end ends an attempt, and reports whether there may be another.
func (x *exchange) end(sent bool) (again bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy = false
	x.sent = x.sent || sent
	return !x.once || !sent && !x.touched
}

// finish is called when nobody will begin another attempt. A body that is being sent
// still is whoever sends it to close.
func (x *exchange) finish() {
	if x.r.Body == nil {
		return
	}
	x.mu.Lock()
	x.finished = true
	touched := x.touched && x.getBody == nil
	x.mu.Unlock()
	if !touched {
		_ = x.r.Body.Close() // the contract of RoundTrip asks for it, and has no use for the error
	}
}

// Read implements io.Reader: an exchange is a body that can be sent once.
func (x *exchange) Read(p []byte) (int, error) {
	x.mu.Lock()
	if x.finished && !x.touched {
		x.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	x.touched = true
	x.mu.Unlock()
	n, err := x.r.Body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		x.mu.Lock()
		defer x.mu.Unlock()
		if !x.closed && x.broken == nil {
			x.broken = err
		}
	}
	return n, err
}

// blame is err, with which an attempt ended: the body's, if that was the reason.
func (x *exchange) blame(err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil && x.broken != nil {
		return &bodyError{x.broken}
	}
	return err
}

// Close implements io.Closer. net/http closes the body of a request that it could
// not send; it is there for the next instance.
func (x *exchange) Close() error {
	x.mu.Lock()
	touched := x.touched
	x.closed = touched
	x.mu.Unlock()
	if !touched {
		return nil
	}
	return x.r.Body.Close()
}

// bodyError is of a request whose body could not be read. It is nobody's fault at the
// instance, for which its status, that of a call that its caller has given up, stands.
type bodyError struct{ err error }

func (e *bodyError) Error() string   { return "the request's body could not be read: " + e.err.Error() }
func (e *bodyError) Unwrap() error   { return e.err }
func (e *bodyError) StatusCode() int { return kind.StatusClientClosed }

// errOnce turns down an attempt for which a request must not be sent again, as when
// it is hedged.
var errOnce error = onceError{errors.New("the request may have reached an instance, and is not to reach another: " +
	"its method is not idempotent and it has no Idempotency-Key, or its body cannot be sent again (no GetBody, and not short)"), true}

// onceError is of a request that is not to be sent again.
type onceError struct {
	err      error
	rejected bool // here, and not by the instance
}

func (e onceError) Error() string                              { return e.err.Error() }
func (e onceError) Unwrap() error                              { return e.err }
func (e onceError) RetryAfter() (after time.Duration, ok bool) { return -1, true }
func (e onceError) NotSent() bool                              { return e.rejected }
func (e onceError) Rejected() bool                             { return e.rejected }
