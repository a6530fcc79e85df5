package main

import (
	"context"
	"net"
	"net/http"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// greeting is the only request of the service, and its answer.
type greeting struct{}

// serve is one instance, in all registries at once, until ctx ends.
func serve(ctx context.Context, l net.Listener, registries []string) error {
	self := sd.Instance{ID: sd.NewID("greeter"), Addr: l.Addr().String()}
	registrar, err := newRegistrar(registries, self)
	if err != nil {
		_ = l.Close()
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /greet", kithttp.NewServer(greet, kithttp.DecodeJSON[greeting]))
	return transport.Serve(ctx, transport.Config{
		Servers:   []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
		Registrar: registrar,
	})
}

// newRegistrar keeps self in every registry. One that is down delays no other.
func newRegistrar(registries []string, self sd.Instance) (kitsd.Registrar, error) {
	var all []*sd.Registrar
	for _, target := range registries {
		holder, err := sd.OpenHolder(target, schemes()...)
		if err != nil {
			return nil, err
		}
		all = append(all, sd.NewRegistrar(holder, self, sd.RegistrarConfig{}))
	}
	return sd.NewGroup(all...), nil
}

func greet(context.Context, any) (any, error) { return greeting{}, nil }
