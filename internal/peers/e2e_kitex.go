package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/serviceinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
	"google.golang.org/protobuf/proto"

	pb "github.com/kitgen/kitgen/internal/peers/echo/api/echo/v1"
)

// What follows is what kitex' generator writes for the service, with grpc's own
// messages.

type kitexArgs struct{ req *pb.EchoRequest }

func (a *kitexArgs) Marshal([]byte) ([]byte, error) { return proto.Marshal(a.req) }
func (a *kitexArgs) Unmarshal(in []byte) error {
	a.req = new(pb.EchoRequest)
	return proto.Unmarshal(in, a.req)
}

type kitexAnswer struct{ resp *pb.EchoResponse }

func (a *kitexAnswer) Marshal([]byte) ([]byte, error) { return proto.Marshal(a.resp) }
func (a *kitexAnswer) GetResult() any                 { return a.resp }
func (a *kitexAnswer) Unmarshal(in []byte) error {
	a.resp = new(pb.EchoResponse)
	return proto.Unmarshal(in, a.resp)
}

var errKitexArgs = errors.New("kitex gave its handler other arguments")

func kitexHandler(ctx context.Context, handler, args, _ any) error {
	a, ok := args.(*streaming.Args)
	h, good := handler.(pb.EchoServer)
	if !ok || !good {
		return errKitexArgs
	}
	req := new(pb.EchoRequest)
	if err := a.Stream.RecvMsg(req); err != nil {
		return err
	}
	resp, err := h.Echo(ctx, req)
	if err != nil {
		return err
	}
	return a.Stream.SendMsg(resp)
}

func kitexService() *serviceinfo.ServiceInfo {
	return &serviceinfo.ServiceInfo{
		ServiceName: "Echo",
		HandlerType: (*pb.EchoServer)(nil),
		Methods: map[string]serviceinfo.MethodInfo{"Echo": serviceinfo.NewMethodInfo(kitexHandler,
			func() any { return new(kitexArgs) }, func() any { return new(kitexAnswer) }, false,
			serviceinfo.WithStreamingMode(serviceinfo.StreamingUnary))},
		PayloadCodec: serviceinfo.Protobuf,
		Extra:        map[string]any{"PackageName": "echo.v1", "streaming": true},
	}
}

// openKitexGRPC is kitex' client and server for protobuf over gRPC, with their
// defaults.
func openKitexGRPC() (line, error) {
	klog.SetOutput(io.Discard) // it says when it starts and stops
	l, err := loopback()
	if err != nil {
		return line{}, err
	}
	stop := make(chan error)
	s := server.NewServer(server.WithListener(l), server.WithExitWaitTime(time.Millisecond), server.WithExitSignal(func() <-chan error { return stop }))
	if err = s.RegisterService(kitexService(), &pbEcho{}); err != nil {
		return line{}, err
	}
	done := make(chan error, 1)
	go func() { done <- s.Run() }()
	end := func() error {
		err := s.Stop()
		return errors.Join(err, <-done)
	}
	c, err := client.NewClient(kitexService(), client.WithDestService("echo"), client.WithTransportProtocol(transport.GRPC),
		client.WithHostPorts(l.Addr().String()))
	if err != nil {
		return line{}, errors.Join(err, end())
	}
	return line{
		func(ctx context.Context, text string) (string, error) {
			var answer kitexAnswer
			err := c.Call(ctx, "Echo", &kitexArgs{&pb.EchoRequest{Text: text}}, &answer)
			return answer.resp.GetEchoed(), err
		},
		func() error {
			if owner, ok := c.(io.Closer); ok {
				return errors.Join(owner.Close(), end())
			}
			return end()
		},
	}, nil
}
