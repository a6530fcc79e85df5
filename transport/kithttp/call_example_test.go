package kithttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport/kithttp"
)

// With go-kit's own client and server: the service knows that its caller waits,
// and does nothing for a caller who does not.
func ExampleSendCall() {
	serve := func(ctx context.Context, _ any) (any, error) {
		deadline, ok := ctx.Deadline()
		fmt.Println("a deadline:", ok, "within a minute:", time.Until(deadline) <= time.Minute)
		return struct{}{}, nil
	}
	s := httptest.NewServer(httptransport.NewServer(serve, httptransport.NopRequestDecoder, kithttp.EncodeJSON,
		httptransport.ServerBefore(kithttp.ReceiveCall)))
	defer s.Close()
	base, err := url.Parse(s.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	decode := func(context.Context, *http.Response) (any, error) { return struct{}{}, nil }
	call := httptransport.NewClient("POST", base, httptransport.EncodeJSONRequest, decode,
		httptransport.ClientBefore(kithttp.SendCall)).Endpoint()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = call(ctx, nil)
	fmt.Println(err)
	// Output:
	// a deadline: true within a minute: true
	// <nil>
}

// A service is too busy, and its caller is told when to come again.
func ExampleEncodeError() {
	s := httptest.NewServer(kithttp.NewServer(func(context.Context, any) (any, error) {
		return nil, fmt.Errorf("orders: %w", errBusy{1500 * time.Millisecond})
	}, kithttp.DecodeJSON[upperRequest]))
	defer s.Close()
	base, err := url.Parse(s.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = kithttp.NewEndpoint[upperResponse](s.Client(), "POST", base, "/")(context.Background(), nil)
	fmt.Println(err)
	if p, ok := errors.AsType[interface {
		error
		RetryAfter() (after time.Duration, ok bool)
	}](err); ok {
		fmt.Println(p.RetryAfter())
	}
	// Output:
	// orders: busy
	// 1.5s true
}

// errBusy says when to come again, as the errors of kitgen's policies do.
type errBusy struct{ after time.Duration }

func (errBusy) Error() string                                { return "busy" }
func (errBusy) StatusCode() int                              { return http.StatusTooManyRequests }
func (e errBusy) RetryAfter() (after time.Duration, ok bool) { return e.after, true }
