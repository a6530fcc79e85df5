package kithttp

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/go-kit/kit/endpoint"
	kittransport "github.com/go-kit/kit/transport"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/guard"
)

// NewServer serves one endpoint with go-kit's server, ReceiveCall, EncodeJSON
// and EncodeError. A call whose caller has stopped waiting by the time it is
// decoded is answered with 504, and the endpoint is not called. An error of
// decode that names no status of its own is a 400. A panic in decode, e or the
// encoding of its response is a 500; it goes to the go-kit ServerErrorHandler
// among opts like any other error, with its stack, or to the standard log if
// there is none. opts come last and may replace any of this. It panics if e or
// decode is nil.
func NewServer(e endpoint.Endpoint, decode httptransport.DecodeRequestFunc, opts ...httptransport.ServerOption) http.Handler {
	return newServer(e, decode, EncodeJSON, opts)
}

func newServer(e endpoint.Endpoint, decode httptransport.DecodeRequestFunc, encode httptransport.EncodeResponseFunc, opts []httptransport.ServerOption) http.Handler {
	if e == nil || decode == nil {
		panic("kithttp.NewServer: endpoint and decode are needed")
	}
	all := append([]httptransport.ServerOption{
		httptransport.ServerBefore(ReceiveCall),
		httptransport.ServerErrorEncoder(EncodeError),
		httptransport.ServerErrorHandler(kittransport.ErrorHandlerFunc(logPanic)),
	}, opts...)
	return httptransport.NewServer(guardEndpoint(e), guardDecode(decode), guardEncode(encode), all...)
}

// logPanic is for services that handle no errors: a panic must not be silent.
func logPanic(_ context.Context, err error) {
	if p, ok := errors.AsType[*guard.Panic](err); ok {
		log.Printf("kithttp: %v", p)
	}
}

func guardEndpoint(e endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		if tooLate(ctx) {
			return nil, errDeadline
		}
		defer recoverCall(&err)
		response, err = e(ctx, request)
		if errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), transport.ErrStopping) {
			err = fmt.Errorf("%w: %w", transport.ErrStopping, err) // and not that the caller has left
		}
		return response, err
	}
}

func guardDecode(decode httptransport.DecodeRequestFunc) httptransport.DecodeRequestFunc {
	return func(ctx context.Context, r *http.Request) (request any, err error) {
		defer recoverCall(&err)
		request, err = decode(ctx, r)
		if err != nil {
			return nil, statedBadRequest(err)
		}
		return request, nil
	}
}

func guardEncode(encode httptransport.EncodeResponseFunc) httptransport.EncodeResponseFunc {
	return func(ctx context.Context, w http.ResponseWriter, response any) (err error) {
		defer recoverCall(&err)
		return encode(ctx, w, response)
	}
}

// recoverCall is guard.Recover, except for net/http's own way to abort a call.
func recoverCall(err *error) {
	if v := recover(); v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so too
		panic(v)
	} else if v != nil {
		*err = guard.New(v)
	}
}

// statedBadRequest gives a decoder's error a status where it has none.
func statedBadRequest(err error) error {
	if _, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return badRequest(err.Error())
}
