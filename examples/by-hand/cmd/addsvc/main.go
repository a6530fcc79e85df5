// Command addsvc serves addsvc, or calls it.
//
//	addsvc -listen 127.0.0.1:0        run a replica; start as many as you like
//	addsvc sum 1 2                    call one of them
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/go-kit/log"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/examples/by-hand"
	"github.com/kitgen/kitgen/transport"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to serve HTTP on")
	registry := flag.String("etcd", "127.0.0.1:2379", "etcd to register in and to look up from")
	flag.Parse()
	if err := run(*listen, *registry, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "addsvc:", err)
		os.Exit(1)
	}
}

func run(listen, registry string, args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{registry}})
	if err != nil {
		return fmt.Errorf("-etcd %s: %w", registry, err)
	}
	defer client.Close()
	if len(args) > 0 {
		return call(ctx, client, args)
	}
	l, err := transport.Listen("listen", listen)
	if err != nil {
		return err
	}
	return addsvc.Serve(ctx, l, client, log.NewLogfmtLogger(os.Stderr))
}

func call(ctx context.Context, client *clientv3.Client, args []string) error {
	request, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	response, err := addsvc.Call(ctx, client, request)
	if err != nil {
		return err
	}
	fmt.Printf("%+v\n", response)
	return nil
}

func parse(args []string) (any, error) {
	if len(args) != 3 {
		return nil, errors.New("want a method and two arguments, such as: sum 1 2, or: concat a b")
	}
	switch args[0] {
	case "sum":
		a, errA := strconv.Atoi(args[1])
		b, errB := strconv.Atoi(args[2])
		return addsvc.SumRequest{A: a, B: b}, errors.Join(errA, errB)
	case "concat":
		return addsvc.ConcatRequest{A: args[1], B: args[2]}, nil
	}
	return nil, fmt.Errorf("unknown method %q: use sum or concat", args[0])
}
