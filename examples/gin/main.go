// Command gin is one instance of a service that is written with gin: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "gin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("gin", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address of the instance")
	registry := flags.String("registry", "", "target to register in")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *registry == "" {
		return errors.New("-registry is missing: give a target, such as etcd://127.0.0.1:2379/users")
	}
	holder, err := sd.OpenHolder(*registry, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
	if err != nil {
		return err
	}
	l, err := transport.Listen("listen", *listen)
	if err != nil {
		return err
	}
	return transport.Serve(ctx, config(l, holder, newRouter(), kithttp.Config{}))
}
