package addsvc

import (
	"context"
	"net"

	"github.com/go-kit/log"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// Serve answers calls on l until ctx ends. It registers when it is ready, and
// leaves the registry before it stops.
func Serve(ctx context.Context, l net.Listener, client *clientv3.Client, logger log.Logger) error {
	handler := NewHTTPHandler(MakeEndpoints(New()))
	self := sd.Instance{ID: sd.NewID("addsvc"), Addr: l.Addr().String()}
	return transport.Serve(ctx, transport.Config{
		Servers:   []transport.Server{kithttp.Server(l, handler, kithttp.Config{})},
		Registrar: sd.NewRegistrar(etcd.NewHolder(client, "addsvc", etcd.Config{}), self, sd.RegistrarConfig{}),
		Logger:    logger,
	})
}
