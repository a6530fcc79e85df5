package main

import (
	"context"
	"errors"
	"net"
	"strconv"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/internal/peers/echo"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// oursWires are one instance and several: the latter share the calls.
func oursWires() []row {
	return []row{
		{wire: wireGRPC, open: func() (line, error) { return openOursGRPC(1) }},
		{wire: wireGRPC + ".3", instances: 3, open: func() (line, error) { return openOursGRPC(3) }},
		{wire: wireHTTP, open: func() (line, error) { return openOursHTTP(1) }},
		{wire: wireHTTP + ".3", instances: 3, open: func() (line, error) { return openOursHTTP(3) }},
	}
}

// openOursGRPC is the generated client and server over gRPC, with all that is
// around them by default.
func openOursGRPC(instances int) (line, error) {
	return openOursLine(instances, echo.GRPCFactory(), func(l net.Listener, e echo.Endpoints) transport.Server {
		s := kitgrpc.NewServer(kitgrpc.Config{})
		echo.RegisterGRPC(s, e)
		return s.On(l)
	})
}

// openOursHTTP is the same over HTTP.
func openOursHTTP(instances int) (line, error) {
	return openOursLine(instances, echo.HTTPFactory(kithttp.ClientConfig{}), func(l net.Listener, e echo.Endpoints) transport.Server {
		return kithttp.Server(l, echo.NewHTTPHandler(e), kithttp.Config{})
	})
}

// openOursLine does what the generated main does for each instance, and what the
// documentation has a client do.
func openOursLine(instances int, dial kitsd.Factory, serve func(net.Listener, echo.Endpoints) transport.Server) (_ line, err error) {
	var set sd.Fixed
	var closers []func() error
	end := func() (err error) {
		for _, c := range closers {
			err = errors.Join(err, c())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, end())
		}
	}()
	e, err := echo.Compose(echo.MakeEndpoints(echo.New()), middleware.ServerConfig{})
	if err != nil {
		return line{}, err
	}
	for i := range instances {
		l, err := loopback()
		if err != nil {
			return line{}, err
		}
		set = append(set, sd.Instance{ID: strconv.Itoa(i), Addr: l.Addr().String()})
		closers = append(closers, serveOurs(serve(l, e)))
	}
	known := sd.NewInstancer(set, sd.InstancerConfig{})
	closers = append([]func() error{func() error { known.Stop(); return nil }}, closers...)
	client, err := echo.NewClient(known, dial, echo.ClientConfig{})
	if err != nil {
		return line{}, err
	}
	closers = append([]func() error{client.Close}, closers...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.WaitReady(ctx); err != nil {
		return line{}, err
	}
	return line{client.Echo, end}, nil
}

// serveOurs serves s, and returns what stops it.
func serveOurs(s transport.Server) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- transport.Serve(ctx, transport.Config{Servers: []transport.Server{s}, Propagation: -1})
	}()
	return func() error {
		cancel()
		return <-done
	}
}
