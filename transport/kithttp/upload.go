package kithttp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport"
)

// NewUploadServer is NewServer for a method that takes a sequence: the body is
// NDJSON, of which decode makes a request before it has come. Its endpoint is called
// with that, and answers once. If the body breaks off, or has a line that is none,
// the sequence ends and the call fails, whatever the endpoint answers: see
// transport.Incoming. A line is at most 4 MiB; there may be any number, and they may
// come as slowly as they like, until the client's deadline or the end of the server.
func NewUploadServer[Req any](e endpoint.Endpoint, decode func(in *Lines) (Req, error), opts ...httptransport.ServerOption) http.Handler {
	if e == nil || decode == nil {
		panic("kithttp.NewUploadServer: endpoint and decode are needed")
	}
	s := newServer(receiving(e), decodeUpload(decode), EncodeJSON, opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, in := newLines(w, r)
		defer in.leave()
		s.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Lines is the body of a request to NewUploadServer.
type Lines struct {
	lineReader

	ctx      context.Context //nolint:containedctx // of the call, which interrupts reading
	detach   func()          // from ctx; when it has returned, nothing interrupts any more
	control  *http.ResponseController
	incoming *transport.Incoming[struct{}]
	decode   func(line []byte) error
	over     bool // read to the end, or interrupted
	exact    bool
}

type linesKey struct{}

func newLines(w http.ResponseWriter, r *http.Request) (context.Context, *Lines) {
	in := &Lines{lineReader: lineReader{bufio.NewReader(r.Body)}, control: http.NewResponseController(w), detach: func() {}}
	_ = in.control.EnableFullDuplex() // else an early answer would wait for the body; HTTP/2 needs none
	if b, ok := r.Body.(*slowBody); ok {
		b.stream()
		in.control = http.NewResponseController(b.w) // that of the handler is not for two goroutines
	}
	ctx, incoming := transport.Receive(r.Context(), in.receive)
	in.incoming = incoming
	return context.WithValue(ctx, linesKey{}, in), in
}

// begin has reading end with ctx. After the call, that would hit the next one of the
// connection.
func (in *Lines) begin(ctx context.Context) {
	in.ctx = ctx
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = in.control.SetReadDeadline(time.Unix(1, 0)) // a recorder has none
	})
	in.detach = sync.OnceFunc(func() {
		if !stop() {
			<-done
			in.over = true
		}
	})
}

// leave is for what nobody has read, and net/http now will.
func (in *Lines) leave() {
	in.detach()
	_ = in.incoming.End(nil) // known already, or there was no call
	if !in.over {
		_ = in.control.SetReadDeadline(time.Now().Add(abandoned))
	}
}

func (in *Lines) receive() (none struct{}, err error) {
	line, err := in.next()
	switch {
	case errors.Is(err, io.EOF):
		in.over = true
		return none, err
	case err != nil && in.ctx.Err() != nil:
		return none, context.Cause(in.ctx)
	case err != nil:
		return none, readError(err)
	}
	return none, in.decode(line)
}

// Exact has lines decoded as DecodeExactJSON does, for types with Go arrays in them.
func (in *Lines) Exact() { in.exact = true }

// as decodes a line as v, a pointer.
func (in *Lines) as(line []byte, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return badRequest(jsonProblem(err))
	}
	if !in.exact {
		return nil
	}
	if problem := misfit(reflect.TypeOf(v).Elem(), line, ""); problem != "" {
		return badRequest("request body: " + problem)
	}
	return nil
}

// Head decodes the first line, for a request that has more than a sequence.
func (in *Lines) Head(v any) error {
	in.decode = func(line []byte) error { return in.as(line, v) }
	_, err := in.receive()
	if errors.Is(err, io.EOF) {
		return badRequest("request body: it is empty, and its first line is what the call is about")
	}
	return err
}

// Values is the rest of the lines, each decoded as an L, of which of takes what the
// sequence is of.
func Values[L, T any](in *Lines, of func(L) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		var v L
		in.decode = func(line []byte) error {
			var fresh L
			v = fresh
			return in.as(line, &v)
		}
		for range in.incoming.Values() {
			if !yield(of(v)) {
				return
			}
		}
	}
}

func decodeUpload[Req any](decode func(in *Lines) (Req, error)) httptransport.DecodeRequestFunc {
	return func(ctx context.Context, _ *http.Request) (any, error) {
		in := ctx.Value(linesKey{}).(*Lines) //nolint:forcetypeassert // NewUploadServer has put it there
		in.begin(ctx)
		return decode(in)
	}
}

func receiving(e endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		response, err := e(ctx, request)
		in := ctx.Value(linesKey{}).(*Lines) //nolint:forcetypeassert // likewise
		in.detach()
		if err := in.incoming.End(err); err != nil {
			return nil, err
		}
		return response, nil
	}
}
