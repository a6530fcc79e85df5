// Package addsvc is a service without a generator: what go-kit users have already,
// composed with this library's parts. server.go and client.go are the two places
// where they meet. What kitgen makes of the same interface is in ../addsvc.
package addsvc

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport/kithttp"
)

// Service adds things up.
type Service interface {
	Sum(ctx context.Context, a, b int) (int, error)
	Concat(ctx context.Context, a, b string) (string, error)
}

// New returns the service.
func New() Service { return service{} }

type service struct{}

func (service) Sum(_ context.Context, a, b int) (int, error)          { return a + b, nil }
func (service) Concat(_ context.Context, a, b string) (string, error) { return a + b, nil }

type (
	// SumRequest asks for Sum, as it stands on the wire.
	SumRequest struct{ A, B int }
	// SumResponse is its answer.
	SumResponse struct{ Sum int }
	// ConcatRequest asks for Concat.
	ConcatRequest struct{ A, B string }
	// ConcatResponse is its answer.
	ConcatResponse struct{ Joined string }
)

// Endpoints are the service's methods as go-kit sees them.
type Endpoints struct{ Sum, Concat endpoint.Endpoint }

// MakeEndpoints wraps svc.
func MakeEndpoints(svc Service) Endpoints {
	return Endpoints{
		Sum: func(ctx context.Context, request any) (any, error) {
			r := request.(SumRequest)
			sum, err := svc.Sum(ctx, r.A, r.B)
			return SumResponse{sum}, err
		},
		Concat: func(ctx context.Context, request any) (any, error) {
			r := request.(ConcatRequest)
			joined, err := svc.Concat(ctx, r.A, r.B)
			return ConcatResponse{joined}, err
		},
	}
}

// NewHTTPHandler serves the endpoints as JSON.
func NewHTTPHandler(e Endpoints) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /sum", kithttp.NewServer(e.Sum, kithttp.DecodeJSON[SumRequest]))
	mux.Handle("POST /concat", kithttp.NewServer(e.Concat, kithttp.DecodeJSON[ConcatRequest]))
	return mux
}

// errUnknown says that an endpoint was given a request of another service.
func errUnknown(request any) error { return fmt.Errorf("addsvc: unknown request type %T", request) }
