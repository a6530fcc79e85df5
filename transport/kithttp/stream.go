package kithttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/draining"
)

// Stream is a response that is read after its call has returned. Whoever is given
// one reads it to its end or closes it; until then the call is in flight, for its
// connection and for every policy that it passed. It also ends with the call's
// context.
//
// Reading and closing are as with any body: one goroutine reads, any may close.
type Stream struct {
	// Response is the header that came first. Its Body is the stream.
	Response *http.Response

	body    io.ReadCloser
	ctx     context.Context //nolint:containedctx // what the stream ends with, as the request of an http.Response
	leaving bool            // the instance had said so in the header

	mu     sync.Mutex  // guards what follows
	detach func() bool // from ctx
	err    error       // of reading on; nil until it has ended
	ends   []func(error)
}

var _ io.ReadCloser = (*Stream)(nil)

// newStream has resp read as a stream, which ends with ctx.
func newStream(ctx context.Context, resp *http.Response) *Stream {
	_, leaving := resp.Header[draining.Header]
	s := &Stream{Response: resp, body: resp.Body, ctx: ctx, leaving: leaving}
	resp.Body = s
	if w, ok := s.body.(io.Writer); ok && resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = upgraded{s, w}
	}
	if b, ok := s.body.(interface{ empty() bool }); ok && b.empty() {
		s.err = io.EOF
		_ = s.body.Close() // there is nothing to read
		return s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detach = context.AfterFunc(ctx, func() { _ = s.end(ctx.Err()) })
	return s
}

// upgraded is the connection that is left when both sides have switched to another
// protocol.
type upgraded struct {
	*Stream
	io.Writer
}

// Read implements io.Reader. A stream that breaks off has an error that is an
// io.ErrUnexpectedEOF with the methods of transport.ErrStopping: its client may
// call again, and at once if the instance has said that it leaves.
func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		err = s.why(err)
	}
	return n, s.end(err)
}

// why is the error of a stream that did not come to its end.
func (s *Stream) why(err error) error {
	if s.ctx.Err() != nil {
		return err
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	b, ok := s.body.(interface{ leaving() bool })
	return &cutError{err: err, leaving: s.leaving || ok && b.leaving()}
}

// Close frees what the stream holds. A stream that was not read to its end costs
// its connection, or on HTTP/2 nothing.
func (s *Stream) Close() error {
	_, err := s.finish(http.ErrBodyReadAfterClose) // before the body is closed, which whoever reads takes for a break
	return err
}

// OnEnd implements lb.Stream: f is called once, when the stream has ended by its
// end, an error, Close, or its context, and at once if it has. The error is nil after
// its end and after Close.
func (s *Stream) OnEnd(f func(err error)) {
	s.mu.Lock()
	if s.err == nil {
		s.ends = append(s.ends, f)
		s.mu.Unlock()
		return
	}
	err := s.failure()
	s.mu.Unlock()
	f(err)
}

// failure is the error of a stream that did not end well. It needs s.mu.
func (s *Stream) failure() error {
	if errors.Is(s.err, http.ErrBodyReadAfterClose) || errors.Is(s.err, io.EOF) && !errors.Is(s.err, io.ErrUnexpectedEOF) {
		return nil
	}
	return s.err
}

// end returns the error with which the stream has ended: the first.
func (s *Stream) end(err error) error {
	first, _ := s.finish(err)
	return first
}

// finish is end, and closes the body if that is what the end is.
func (s *Stream) finish(err error) (first, closed error) {
	s.mu.Lock()
	if s.err != nil {
		defer s.mu.Unlock()
		return s.err, nil
	}
	ends := s.ends
	s.err, s.ends = err, nil
	failure := s.failure()
	detach := s.detach
	s.mu.Unlock()
	detach()
	closed = s.body.Close() // nobody reads it any more
	for _, f := range ends {
		f(failure)
	}
	return err, closed
}

// cutError is why a stream broke off.
type cutError struct {
	err     error
	leaving bool
}

func (e *cutError) Error() string {
	if e.leaving {
		return "the stream broke off, since its server stops; call again: " + e.err.Error()
	}
	return "the stream broke off: " + e.err.Error()
}

func (e *cutError) Unwrap() []error {
	if e.leaving {
		return []error{io.ErrUnexpectedEOF, transport.ErrStopping, e.err}
	}
	return []error{io.ErrUnexpectedEOF, e.err}
}

func (e *cutError) StatusCode() int                            { return http.StatusServiceUnavailable }
func (e *cutError) ErrorCode() string                          { return "unavailable" }
func (e *cutError) RetryAfter() (after time.Duration, ok bool) { return 0, e.leaving }

// NewStreamEndpoint is the client of one method whose response is read as it
// comes: its request is that of NewEndpoint, and its response a *Stream. ClientConfig.MaxResponse
// does not bound it, since nothing of it is kept.
//
// It is not the timeout of an attempt that the server is told, if a retry around
// the call has one, since the stream goes on after that; retry.Config.Streams is
// needed there.
func NewStreamEndpoint(c *http.Client, method string, base *url.URL, path string, before ...httptransport.RequestFunc) endpoint.Endpoint {
	to := newTarget(c, method, base.JoinPath(path))
	return func(ctx context.Context, request any) (any, error) {
		resp, err := send(streamContext{ctx}, to, request, before)
		if err != nil {
			return nil, err
		}
		return newStream(ctx, resp), nil
	}
}

// streamContext is the context of a call whose response is a stream.
type streamContext struct {
	context.Context //nolint:containedctx // it is one
}

type streamKey struct{}

// Value implements context.Context.
func (c streamContext) Value(key any) any {
	if key == (streamKey{}) {
		return true
	}
	return c.Context.Value(key)
}

func isStream(ctx context.Context) bool { return ctx.Value(streamKey{}) != nil }

// sendStream is sendCall for such a call.
func sendStream(ctx context.Context, h http.Header, room *[2]string) {
	deadline, ok := ctx.Deadline()
	sendDeadline(deadline, ok && !attempt.Limited(ctx), h, room)
	sendChain(ctx, h, room)
}
