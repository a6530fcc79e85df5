package main

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/kitgen/kitgen/transport"
)

// instance is a server whose answers say who it is.
type instance struct {
	testgrpc.UnimplementedTestServiceServer

	addr   string
	server *grpc.Server
	served sync.WaitGroup
}

func start(addr string) (*instance, error) {
	l, err := transport.Listen("addr", addr)
	if err != nil {
		return nil, err
	}
	i := &instance{addr: l.Addr().String(), server: grpc.NewServer()}
	testgrpc.RegisterTestServiceServer(i.server, i)
	i.served.Go(func() { serve(i.server, l) })
	return i, nil
}

// serve returns when the server is stopped.
func serve(s *grpc.Server, l net.Listener) { _ = s.Serve(l) }

// UnaryCall answers with the address.
func (i *instance) UnaryCall(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	return &testgrpc.SimpleResponse{ServerId: i.addr}, nil
}

// stop kills the instance, whatever it is doing.
func (i *instance) stop() {
	i.server.Stop()
	i.served.Wait()
}

func stopAll(all []*instance) {
	for _, i := range all {
		i.stop()
	}
}

func addrs(all []*instance) []string {
	var list []string
	for _, i := range all {
		list = append(list, i.addr)
	}
	return list
}
