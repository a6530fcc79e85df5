package kithttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/internal/messages"
)

// NewUploadEndpoint is NewEndpoint for a method that takes a sequence, as
// NewUploadServer does: lines are those of a request, each sent as JSON as soon as
// there is one. They run on the caller's goroutine, once there is a connection, and
// are left when the server has answered or the context has ended, both of which they
// are told when they yield next. Once they run the call is not made again: its error
// has a RetryAfter that is negative.
func NewUploadEndpoint[Resp, Req any](
	c *http.Client, method string, base *url.URL, path string, lines func(Req) iter.Seq[any], before ...httptransport.RequestFunc,
) endpoint.Endpoint {
	to := newTarget(c, method, base.JoinPath(path))
	return func(ctx context.Context, request any) (any, error) {
		req, ok := request.(Req)
		if !ok {
			return nil, fmt.Errorf("%s: the request is a %T, want a %T", to, request, req)
		}
		body, err := sendLines(ctx, to, lines(req), before)
		if err != nil {
			return nil, err
		}
		return decoded[Resp](to, body)
	}
}

// sendLines makes a request of lines and returns the body of a success.
func sendLines(ctx context.Context, to *target, lines iter.Seq[any], before []httptransport.RequestFunc) ([]byte, error) {
	r, w := io.Pipe()
	body := &linesBody{PipeReader: r, asked: make(chan struct{})}
	var answer []byte
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, failed = call(ctx, to, body, before)
		_ = r.Close() // whoever writes shall stop
	}()
	select {
	case <-body.asked:
	case <-done:
		return answer, failed
	}
	err := writeBody(w, lines, messages.Of(ctx, messages.Sent{}), done)
	switch {
	case err != nil:
		return nil, &spentError{fmt.Errorf("%s: encode request: %w", to, err)}
	case failed != nil:
		return nil, &spentError{failed}
	}
	return answer, nil
}

// writeBody writes lines to the body of a request, and waits for its end, also if
// they panic.
func writeBody(w *io.PipeWriter, lines iter.Seq[any], sent *messages.Count, done <-chan struct{}) (err error) {
	err = errLinesLeft
	defer func() {
		_ = w.CloseWithError(err) // nil is the end of the body
		<-done
	}()
	err = writeLines(w, lines, sent)
	return err
}

var errLinesLeft = errors.New("who was to write the request's body has ended")

// writeLines returns the error of a line that could not be encoded. It stops where
// nobody reads any more.
func writeLines(w io.Writer, lines iter.Seq[any], sent *messages.Count) error {
	for v := range lines {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return nil // the call has ended, and knows why
		}
		sent.Add()
	}
	return nil
}

// linesBody is the body of a request that is written while it is read.
type linesBody struct {
	*io.PipeReader

	asked chan struct{} // closed when there is somebody to send it to
	once  sync.Once
}

// Read implements io.Reader.
func (b *linesBody) Read(p []byte) (int, error) {
	b.once.Do(func() { close(b.asked) })
	return b.PipeReader.Read(p)
}

// spentError is of a call whose lines were in part sent, and cannot be had again.
type spentError struct{ err error }

func (e *spentError) Error() string                              { return e.err.Error() }
func (e *spentError) Unwrap() error                              { return e.err }
func (e *spentError) NotSent() bool                              { return false }
func (e *spentError) RetryAfter() (after time.Duration, ok bool) { return -1, true }
