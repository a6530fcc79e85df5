// Command gateway is a reverse proxy in front of a service, with sessions that stay
// with an instance: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8080", "address to serve at")
	registry := flags.String("registry", "", "target to look in")
	keyFile := flags.String("key", "", "file with the secret of the cookies, 32 bytes; all gateways need the same")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *registry == "" || *keyFile == "" {
		return errors.New("want a registry and a key, such as: gateway -registry etcd://127.0.0.1:2379/users -key /etc/gateway/key")
	}
	secret, err := os.ReadFile(*keyFile)
	if err != nil {
		return fmt.Errorf("-key: %w", err)
	}
	cookies, err := newCookies(secret)
	if err != nil {
		return fmt.Errorf("-key %s: %w", *keyFile, err)
	}
	instances, err := sd.Open(*registry, sd.InstancerConfig{}, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
	if err != nil {
		return fmt.Errorf("-registry: %w", err)
	}
	defer instances.Stop()
	logger := log.NewLogfmtLogger(log.NewSyncWriter(os.Stderr))
	g, err := newGateway(instances, cookies, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	l, err := transport.Listen("listen", *listen)
	if err != nil {
		return err
	}
	return transport.Serve(ctx, transport.Config{
		Servers: []transport.Server{kithttp.Server(l, g.handler, kithttp.Config{})},
		Logger:  logger,
	})
}
