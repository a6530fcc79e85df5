package kithttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

type upperRequest struct {
	Text string `json:"text"`
}

type upperResponse struct {
	Text string `json:"text"`
}

var errEmpty = &kithttp.Error{Status: 400, Code: "empty", Message: "empty text"}

// uppercase is the service, as an endpoint.
func uppercase(_ context.Context, request any) (any, error) {
	text := request.(upperRequest).Text
	if text == "" {
		return nil, errEmpty
	}
	return upperResponse{strings.ToUpper(text)}, nil
}

// A server and its client, with one error that both know.
func Example() {
	l, err := transport.Listen("http-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("POST /uppercase", kithttp.NewServer(uppercase, kithttp.DecodeJSON[upperRequest]))

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopped := make(chan error)
	go func() {
		stopped <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
			Propagation: -1,
		})
	}()

	call, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[upperResponse](c, "POST", base, "/uppercase")
	}, kithttp.ClientConfig{})(l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call(ctx, upperRequest{Text: "hello"}))
	_, err = call(ctx, upperRequest{})
	fmt.Println(errors.Is(err, errEmpty), err)
	fmt.Println(closer.Close())
	stop()
	fmt.Println(<-stopped)
	// Output:
	// {HELLO} <nil>
	// true empty text
	// <nil>
	// <nil>
}

func ExampleNewServer() {
	h := kithttp.NewServer(uppercase, kithttp.DecodeJSON[upperRequest])
	for _, body := range []string{`{"text":"hello"}`, `{}`, `{"text":7}`} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/uppercase", strings.NewReader(body)))
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 {"text":"HELLO"}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"empty text","code":"empty"}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"request body: field \"text\": want string, got number (at byte 9)","code":"invalid_argument"}
}

func ExampleNewEndpoint() {
	s := httptest.NewServer(kithttp.NewServer(uppercase, kithttp.DecodeJSON[upperRequest]))
	defer s.Close()
	base, err := url.Parse(s.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	call := kithttp.NewEndpoint[upperResponse](s.Client(), "POST", base, "/uppercase")

	response, err := call(context.Background(), upperRequest{Text: "hello"})
	fmt.Println(response.(upperResponse).Text, err)
	// Output:
	// HELLO <nil>
}
