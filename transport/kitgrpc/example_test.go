package kitgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// A server and its client, with one error that both know.
func Example() {
	errEmpty := &transport.Error{Status: 400, Code: "empty", Message: "empty text"}
	service := echo(func(_ context.Context, text string) (string, error) {
		if text == "" {
			return "", errEmpty
		}
		return "you said " + text, nil
	})

	l, err := transport.Listen("grpc-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := kitgrpc.NewServer(kitgrpc.Config{})
	service.register(s) // generated: pb.RegisterEchoServer(s, server)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopped := make(chan error)
	go func() {
		stopped <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{s.On(l)},
			Propagation: -1,
		})
	}()

	call, closer, err := kitgrpc.Factory(saying)(l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call(ctx, "hello"))
	_, err = call(ctx, "")
	fmt.Println(errors.Is(err, errEmpty), err)
	fmt.Println(closer.Close())
	stop()
	fmt.Println(<-stopped)
	// Output:
	// you said hello <nil>
	// true empty text
	// <nil>
	// <nil>
}

func ExampleToStatus() {
	st := kitgrpc.ToStatus(&transport.Error{Status: 404, Code: "no_such_user", Message: "user 7 is not here"})
	fmt.Println(st.Code(), st.Message())
	// Output:
	// NotFound user 7 is not here
}

func ExampleFromError() {
	err := kitgrpc.FromError(kitgrpc.ToStatus(&transport.Error{Status: 404, Code: "no_such_user"}).Err())
	fmt.Println(errors.Is(err, &transport.Error{Code: "no_such_user"}))
	// Output:
	// true
}

// A method of a service and of its client, made of an endpoint and into one.
func ExampleNewHandler() {
	shout := func(_ context.Context, request any) (any, error) { return strings.ToUpper(request.(string)), nil }
	say := kitgrpc.NewHandler(shout, toString, toText, kitgrpc.HandlerConfig{})
	out, err := say(context.Background(), wrapperspb.String("hello")) // which is grpc's to do
	fmt.Println(out.GetValue(), err)
	// Output:
	// HELLO <nil>
}

func ExampleNewEndpoint() {
	client := func(_ context.Context, in *wrapperspb.StringValue, _ ...grpc.CallOption) (*wrapperspb.StringValue, error) {
		return in, nil // generated: pb.NewEchoClient(cc).Say
	}
	say := kitgrpc.NewEndpoint(client, toText, toString, kitgrpc.EndpointConfig{})
	fmt.Println(say(context.Background(), "hello"))
	// Output:
	// hello <nil>
}
