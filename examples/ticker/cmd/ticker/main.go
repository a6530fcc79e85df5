// Command ticker serves ticker over HTTP and gRPC, and is in the registry
// while it does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"

	"github.com/kitgen/kitgen/examples/ticker"
)

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintf(os.Stderr, "ticker: %v; -h lists all settings\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err = run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ticker:", err)
	}
	os.Exit(transport.ExitCode(err))
}

func run(ctx context.Context, o options) error {
	logger := log.With(log.NewLogfmtLogger(log.NewSyncWriter(os.Stderr)), "ts", log.DefaultTimestampUTC)
	seen, err := newTelemetry(ctx)
	if err != nil {
		return err
	}
	defer seen.tracing.close()
	endpoints, err := ticker.Compose(ticker.MakeEndpoints(ticker.New()), middleware.ServerConfig{Observers: seen.observers, Logger: logger})
	if err != nil {
		return err
	}
	certs, err := certificates(o, logger)
	if err != nil {
		return err
	}
	self := sd.Instance{ID: sd.NewID("ticker"), Meta: map[string]string{}}
	cfg := transport.Config{Ready: new(transport.Ready), Timeline: new(transport.Timeline), Logger: logger}

	web, err := transport.Listen("http-addr", o.httpAddr)
	if err != nil {
		return err
	}
	if self.Meta["http"], err = transport.Advertise(web, o.advertise); err != nil {
		return err
	}
	handler := ticker.NewHTTPHandler(endpoints, httptransport.ServerBefore(kitotel.HTTPToContext(nil)))
	cfg.Servers = append(cfg.Servers, kithttp.Server(web, handler, kithttp.Config{TLS: certs, Logger: logger}))

	rpc, err := transport.Listen("grpc-addr", o.grpcAddr)
	if err != nil {
		return err
	}
	if self.Meta["grpc"], err = transport.Advertise(rpc, o.advertise); err != nil {
		return err
	}
	server := kitgrpc.NewServer(kitgrpc.Config{TLS: certs, Logger: logger}, seen.tracing.server()...)
	ticker.RegisterGRPC(server, endpoints)
	cfg.Servers = append(cfg.Servers, server.On(rpc))

	self.Addr = self.Meta["grpc"]
	shown := kitdebug.Config{Name: "ticker", Servers: cfg.Servers, Ready: cfg.Ready, Timeline: cfg.Timeline}
	if o.registry != none {
		registrar, err := newRegistrar(o.registry, self, cfg.Ready, logger)
		if err != nil {
			return err
		}
		cfg.Registrar, shown.Registrar = registrar, registrar
	}
	if o.debugAddr != none {
		page, err := seen.page(o, shown)
		if err != nil {
			return err
		}
		cfg.Servers = append(cfg.Servers, page)
	}
	return transport.Serve(ctx, cfg)
}
