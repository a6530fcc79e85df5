// Command mtls has a service be called while all its certificates are replaced,
// and while somebody else stands in the registry in its place: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/file"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kittls"
)

// Who there is: the rest of a SPIFFE ID.
const (
	domain  = "spiffe://shop.example/"
	addsvc  = "addsvc"
	billing = "billing"
	web     = "web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mtls:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mtls", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q: there is nothing to say; see the README", flags.Arg(0))
	}
	dir, err := os.MkdirTemp("", "mtls")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ca, err := newAuthority("first")
	if err != nil {
		return err
	}
	for _, name := range []string{addsvc, billing, web} {
		home := filepath.Join(dir, name)
		err := errors.Join(os.Mkdir(home, 0o700), put(home, "ca.crt", ca.pem), ca.issue(home, domain+name))
		if err != nil {
			return err
		}
	}
	return play(ctx, out, dir, ca)
}

// play starts both services and their caller.
func play(ctx context.Context, out io.Writer, dir string, ca *authority) (err error) {
	right, err := start(filepath.Join(dir, addsvc), addsvc)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, right.end()) }()
	wrong, err := start(filepath.Join(dir, billing), billing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, wrong.end()) }()

	home := filepath.Join(dir, web)
	certs, err := kittls.Client(kittls.ClientConfig{
		CA:   home + "/ca.crt",
		Cert: home + "/tls.crt", Key: home + "/tls.key",
		Servers: []string{domain + addsvc},
	})
	if err != nil {
		return err
	}
	factory := kithttp.Factory(newHello, kithttp.ClientConfig{TLS: certs.TLS(), DialTimeout: 10 * time.Second}) // none is to fail, however busy this machine is
	registry := dir + "/addsvc.json"
	if err := file.Write(registry, []sd.Instance{{Addr: right.addr}}); err != nil {
		return err
	}
	return called(ctx, registry, factory, func(call endpoint.Endpoint) error {
		l := begin(call, factory, right.addr)
		err := errors.Join(
			rotate(ctx, out, dir, ca, right.certs, certs),
			deceive(ctx, out, registry, []sd.Instance{{Addr: right.addr}, {Addr: wrong.addr}}, factory, certs),
			l.end(),
		)
		if err == nil {
			fmt.Fprintf(out, "calls=%d failed=%d\n", l.calls.Load(), l.failed.Load())
		}
		return err
	})
}

// called has use call the instances in a registry.
func called(ctx context.Context, registry string, factory kitsd.Factory, use func(endpoint.Endpoint) error) (err error) {
	stack, err := middleware.Client(middleware.ClientConfig{Service: addsvc})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	instances := sd.NewInstancer(file.NewWatcher(registry, file.Config{}), sd.InstancerConfig{})
	defer instances.Stop()
	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: stack.Guard})
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := pool.WaitReady(ctx); err != nil {
		return err
	}
	return use(stack.Method("Hello")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))))
}

// rotate replaces the CA, and with it every certificate.
func rotate(ctx context.Context, out io.Writer, dir string, first *authority, sides ...*kittls.Certs) error {
	second, err := newAuthority("second")
	if err != nil {
		return err
	}
	both := append(append([]byte(nil), first.pem...), second.pem...)
	for _, step := range []struct {
		says string
		do   func(home, name string) error
	}{
		{"both CAs are trusted", func(home, _ string) error { return put(home, "ca.crt", both) }},
		{"all certificates are the second's", func(home, name string) error { return second.issue(home, domain+name) }},
		{"the first is trusted no more", func(home, _ string) error { return put(home, "ca.crt", second.pem) }},
	} {
		var before []uint64
		for _, side := range sides {
			before = append(before, side.Stats().Loads)
		}
		for _, name := range []string{addsvc, billing, web} {
			if err := step.do(filepath.Join(dir, name), name); err != nil {
				return err
			}
		}
		for i, side := range sides {
			if err := until(ctx, func() bool { return side.Stats().Loads > before[i] }); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, step.says)
	}
	return nil
}

// deceive has the registry list somebody else beside the service, and waits until
// that was called.
func deceive(ctx context.Context, out io.Writer, registry string, list []sd.Instance, factory kitsd.Factory, certs *kittls.Certs) error {
	before := certs.Stats().Refused
	if err := file.Write(registry, list); err != nil {
		return err
	}
	if err := until(ctx, func() bool { return certs.Stats().Refused > before }); err != nil {
		return err
	}
	call, closer, err := factory(list[1].Addr)
	if err != nil {
		return err
	}
	defer closer.Close() //nolint:errcheck // nothing was connected
	response, err := call(ctx, hello{web})
	if err == nil {
		return fmt.Errorf("the impostor was not refused: it answered %v", response)
	}
	if wrong, ok := errors.AsType[*kittls.Mismatch](err); ok {
		err = nil
		fmt.Fprintln(out, wrong)
	}
	return err
}

// until waits for something that others do.
func until(ctx context.Context, so func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
