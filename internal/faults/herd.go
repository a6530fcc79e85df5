package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
)

// runHerd is thousands of registrations in one process, with one client.
func runHerd(args []string) int {
	if err := herd(args, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "herd:", err)
		return 1
	}
	return 0
}

func herd(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("herd", flag.ContinueOnError)
	addr := flags.String("etcd", "", "host:port")
	number := flags.Int("number", 0, "of this herd, so that IDs and addresses differ from those of others")
	size := flags.Int("size", 0, "how many register")
	spread := flags.Duration("spread", 0, "over which time")
	ttl := flags.Duration("ttl", 0, "of each")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := clientv3.New(etcd.ClientConfig(*addr))
	if err != nil {
		return err
	}
	defer client.Close()
	holder := etcd.NewHolder(client, service, etcd.Config{TTL: *ttl})
	var running sync.WaitGroup
	var held atomic.Int64
	say := newSpeaker(out)
	for i := range *size {
		in := sd.Instance{ID: fmt.Sprintf("herd-%d-%05d", *number, i), Addr: fmt.Sprintf("10.%d.%d.%d:80", *number, i/250, 1+i%250)}
		registrar := sd.NewRegistrar(holder, in, sd.RegistrarConfig{})
		running.Go(func() { _ = registrar.Run(ctx) }) // it is killed, not told to leave
		running.Go(func() {
			select {
			case <-registrar.Registered():
				if held.Add(1) == int64(*size) {
					say.event(event{Event: sd.Registered.String()})
				}
			case <-ctx.Done():
			}
		})
		if i%10 == 0 {
			time.Sleep(*spread * 10 / time.Duration(*size))
		}
	}
	running.Wait()
	return nil
}
