package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// registrar stands for sd.NewRegistrar, or any of go-kit's.
type registrar struct{ leave func() }

func (r registrar) Register()   { fmt.Println("registered"); r.leave() }
func (r registrar) Deregister() { fmt.Println("deregistered") }

func ExampleServe() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	l, err := transport.Listen("http-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, http.NotFoundHandler(), kithttp.Config{})},
		Registrar:   registrar{leave: stop}, // stands for a SIGTERM
		Propagation: -1,
		Logger:      log.With(log.NewNopLogger(), "ts", log.DefaultTimestampUTC),
	})
	fmt.Println("stopped:", err)
	// Output:
	// registered
	// deregistered
	// stopped: <nil>
}

func ExampleTimeline() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l, err := transport.Listen("http-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	var timeline transport.Timeline
	err = transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, http.NotFoundHandler(), kithttp.Config{})},
		Registrar:   registrar{leave: stop},
		Propagation: -1,
		Timeline:    &timeline, // a debug page reads it while Serve runs
	})
	for _, step := range timeline.Steps() {
		switch step.Name {
		case "stopping", "drain":
			fmt.Println(step.Name + ": " + step.Server + step.Why)
		}
	}
	fmt.Println("exit code", transport.ExitCode(err))
	// Output:
	// registered
	// deregistered
	// stopping: context canceled
	// drain: http
	// exit code 0
}

func ExampleListen() {
	first, err := transport.Listen("http-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	addr := first.Addr().String()

	_, err = transport.Listen("http-addr", addr)
	fmt.Println(strings.ReplaceAll(err.Error(), addr, "127.0.0.1:8080"))
	// Output:
	// -http-addr 127.0.0.1:8080: address already in use; stop the process that has it or pass another -http-addr, such as :0
}

func ExampleExitCode() {
	fmt.Println(transport.ExitCode(nil))
	fmt.Println(transport.ExitCode(errors.New("-http-addr :8080: address already in use")))
	fmt.Println(transport.ExitCode(fmt.Errorf("http server: drain: %w", transport.ErrForced)))
	// Output:
	// 0
	// 1
	// 75
}

func ExampleAdvertise() {
	l, err := transport.Listen("grpc-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	addr, err := transport.Advertise(l, "addsvc.internal:443")
	fmt.Println(addr, err)
	_, err = transport.Advertise(l, "0.0.0.0")
	fmt.Println(err)
	// Output:
	// addsvc.internal:443 <nil>
	// advertise 0.0.0.0: others cannot dial it; give a name or an address of this machine, or nothing to have one chosen
}

func ExampleReady() {
	var ready transport.Ready
	fmt.Println(ready.Check(context.Background()))
	ready.Set(true) // which Serve does
	fmt.Println(ready.Check(context.Background()))
	// Output:
	// not ready
	// <nil>
}

func ExampleError() {
	// Declared once, by the service.
	errEmpty := &transport.Error{Status: http.StatusBadRequest, Code: "empty", Message: "empty string"}

	// What a client gets, over HTTP or gRPC, perhaps with more to say.
	err := error(&transport.Error{Status: http.StatusBadRequest, Code: "empty", Message: "uppercase: empty string"})

	fmt.Println(errors.Is(err, errEmpty), err)
	// Output:
	// true uppercase: empty string
}

func ExampleErrorOf() {
	e := transport.ErrorOf(fmt.Errorf("sum: %w", context.DeadlineExceeded))
	fmt.Println(e.Status, e.Code, e.Message)
	// Output:
	// 504 deadline_exceeded sum: context deadline exceeded
}
