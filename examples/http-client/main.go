// Command http-client gets a URL whose host is a service: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "http-client:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("http-client", flag.ContinueOnError)
	registry := flags.String("registry", "", "target to look in")
	url := flags.String("url", "", "what to get; its host is the service")
	wait := flags.Duration("wait", 10*time.Second, "for an instance, and its answer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *registry == "" || *url == "" {
		return errors.New("want a registry and a URL, such as: http-client -registry etcd://127.0.0.1:2379/users -url http://users/users/7")
	}
	instances, err := sd.Open(*registry, sd.InstancerConfig{}, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
	if err != nil {
		return err
	}
	defer instances.Stop()
	service, err := newService(instances)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	if err := service.pool.WaitReady(ctx); err != nil {
		return err
	}
	return get(ctx, service.client, *url, out)
}

// get is what any program does that has an http.Client.
func get(ctx context.Context, client *http.Client, url string, out io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(out, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}
