package kitsystemd_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kitsystemd"
)

func ExampleServer() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l, err := kitsystemd.Listen("http", "http-addr", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = transport.Serve(ctx, transport.Config{
		Servers: []transport.Server{
			kithttp.Server(l, http.NotFoundHandler(), kithttp.Config{}),
			kitsystemd.Server(kitsystemd.Config{}),
		},
		Registrar:   registrar(stop), // stands for systemctl stop
		Propagation: -1,
	})
	fmt.Println("stopped:", err)
	// Output: stopped: <nil>
}

// registrar leaves as soon as it has come.
type registrar func()

func (leave registrar) Register() { leave() }
func (registrar) Deregister()     {}
