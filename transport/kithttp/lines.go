package kithttp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/kind"
)

// contentLines is the media type of streams: a JSON value on each line.
const contentLines = "application/x-ndjson"

// NewLinesServer is NewServer for a method that answers a sequence: its endpoint
// returns a *transport.Stream[T]. The response is NDJSON, a line for each value,
// sent as soon as there is one. An error before the first value, that is one of the
// endpoint, is answered as any other. One that comes later is the last line, an
// object with problem+json as its only field:
//
//	{"event":{"id":1}}
//	{"event":{"id":2}}
//	{"error":{"type":"about:blank","title":"Conflict","status":409,"code":"odd"}}
//
// A T is therefore an object without a field error. It goes to the
// ServerErrorHandler among opts, too. A stream that ends because the server stops
// breaks off, as does one that the server loses: only one that has come to its end
// looks complete.
func NewLinesServer[T any](e endpoint.Endpoint, decode httptransport.DecodeRequestFunc, opts ...httptransport.ServerOption) http.Handler {
	return newServer(e, decode, encodeLines[T], opts)
}

func encodeLines[T any](ctx context.Context, w http.ResponseWriter, response any) error {
	values, ok := response.(*transport.Stream[T])
	if !ok {
		return fmt.Errorf("the endpoint returned a %T, want a %T", response, values)
	}
	defer values.Close()
	w.Header().Set("Content-Type", contentLines)
	w.WriteHeader(http.StatusOK)
	out := lineWriter{w, http.NewResponseController(w)}
	err := out.flush()
	if err != nil {
		values.End(err)
	} else {
		err = writeValues(out, values)
	}
	if err == nil || errors.Is(context.Cause(ctx), transport.ErrStopping) {
		return nil // a response that its server ends breaks off by itself
	}
	_ = out.write(lastLine{problemFor(transport.ErrorOf(err))}) // if the client is gone, there is nobody to tell
	return &toldError{err}
}

// writeValues returns the error with which values end.
func writeValues[T any](out lineWriter, values *transport.Stream[T]) (err error) {
	defer recoverCall(&err)
	for v, err := range values.All() {
		if err != nil {
			return err
		}
		if err := out.write(v); err != nil {
			values.End(err)
			return err
		}
	}
	return nil
}

// lastLine is that of a stream which failed.
type lastLine struct {
	Error *problem `json:"error"`
}

// toldError is one that its client has been told of, in the course of a response.
type toldError struct{ error }

func (e *toldError) Unwrap() error { return e.error }

// lineWriter sends each line when it is written.
type lineWriter struct {
	io.Writer

	control *http.ResponseController
}

func (w lineWriter) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode response %T: %w", v, err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return &goneError{err}
	}
	return w.flush()
}

func (w lineWriter) flush() error {
	if err := w.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return &goneError{err}
	}
	return nil // it is sent when it is sent
}

// goneError is of a response that could not be written, since its client is gone.
type goneError struct{ error }

func (e *goneError) Unwrap() error   { return e.error }
func (e *goneError) StatusCode() int { return kind.StatusClientClosed }

// lineReader reads lines of at most maxBody bytes.
type lineReader struct{ *bufio.Reader }

// next is the next line that is not empty, valid until the one after it is read;
// io.EOF if there is none.
func (r lineReader) next() ([]byte, error) {
	for {
		line, err := r.line()
		if line = bytes.TrimSpace(line); len(line) > 0 && (err == nil || errors.Is(err, io.EOF)) {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (r lineReader) line() ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	whole := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(whole) > maxBody {
			return nil, &http.MaxBytesError{Limit: maxBody}
		}
		line, err = r.ReadSlice('\n')
		whole = append(whole, line...)
	}
	return whole, err
}
