package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// starver is a gRPC proxy before an etcd that can hold back everything that
// watches are told, while it goes on to answer all else, pings included. That
// is what a watch looks like that a bug in etcd has forgotten.
type starver struct {
	listener net.Listener
	server   *grpc.Server
	conn     *grpc.ClientConn
	serving  sync.WaitGroup
	since    atomic.Int64 // watches opened before this moment (Unix nanoseconds) get nothing
}

func startStarver(target string) (*starver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("passthrough:///"+target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &starver{listener: l, conn: conn}
	s.server = grpc.NewServer(
		grpc.ForceServerCodec(raw{}),
		grpc.UnknownServiceHandler(s.carry),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	s.serving.Go(func() { _ = s.server.Serve(l) }) // ends with close
	return s, nil
}

func (s *starver) addr() string { return s.listener.Addr().String() }

// starve lets no watch that is open now be told anything more. Those opened
// later work.
func (s *starver) starve() error {
	s.since.Store(time.Now().UnixNano())
	return nil
}

func (s *starver) close() error {
	s.server.Stop()
	s.serving.Wait()
	return s.conn.Close()
}

// carry passes one call on, whatever it is.
func (s *starver) carry(_ any, in grpc.ServerStream) error {
	opened := time.Now().UnixNano()
	method, ok := grpc.MethodFromServerStream(in)
	if !ok {
		return errors.New("a stream without a method")
	}
	ctx, cancel := context.WithCancel(in.Context())
	defer cancel()
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, md.Copy())
	}
	out, err := s.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method, grpc.ForceCodec(raw{}))
	if err != nil {
		return err
	}
	var up sync.WaitGroup
	defer up.Wait()
	defer cancel()
	up.Go(func() {
		for {
			var f frame
			if err := in.RecvMsg(&f); err != nil {
				_ = out.CloseSend() // the other direction tells why
				return
			}
			if out.SendMsg(&f) != nil {
				return
			}
		}
	})
	watch := strings.HasSuffix(method, "/Watch")
	for {
		var f frame
		err := out.RecvMsg(&f)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if watch && opened < s.since.Load() {
			continue
		}
		if err := in.SendMsg(&f); err != nil {
			return err
		}
	}
}

// frame is a message that nobody reads.
type frame struct{ bytes []byte }

// raw is a codec that leaves messages as they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) {
	f, ok := v.(*frame)
	if !ok {
		return nil, fmt.Errorf("cannot carry a %T", v)
	}
	return f.bytes, nil
}

func (raw) Unmarshal(b []byte, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return fmt.Errorf("cannot carry a %T", v)
	}
	f.bytes = append([]byte(nil), b...)
	return nil
}

func (raw) Name() string { return "proto" }
