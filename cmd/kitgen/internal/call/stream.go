package call

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// rpc is a method as gRPC has it, and how its answers are read.
type rpc struct {
	protoreflect.MethodDescriptor
	answer func(*dynamicpb.Message) (json.RawMessage, error)
}

func (r rpc) path() string { return fmt.Sprintf("/%s/%s", r.Parent().FullName(), r.Name()) }

// job calls the method with in, which may be nil ahead of a stream.
func (r rpc) job(in *dynamicpb.Message, more items) onGRPC {
	switch {
	case more != nil && r.IsStreamingServer():
		return func(ctx context.Context, cc *grpc.ClientConn) (any, error) { return r.exchange(ctx, cc, in, more) }
	case more != nil:
		return func(ctx context.Context, cc *grpc.ClientConn) (any, error) { return r.upload(ctx, cc, in, more) }
	case r.IsStreamingServer():
		return func(ctx context.Context, cc *grpc.ClientConn) (any, error) {
			return kitgrpc.Open(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[dynamicpb.Message], error) {
				s, err := r.open(ctx, cc)
				if err != nil {
					return nil, err
				}
				if err := s.SendMsg(in); err != nil {
					return nil, err
				}
				return s, s.CloseSend()
			}, r.answer)
		}
	}
	return func(ctx context.Context, cc *grpc.ClientConn) (any, error) {
		out := dynamicpb.NewMessage(r.Output())
		if err := cc.Invoke(ctx, r.path(), in, out); err != nil {
			return nil, err
		}
		return r.answer(out)
	}
}

func (r rpc) upload(ctx context.Context, cc *grpc.ClientConn, in *dynamicpb.Message, more items) (any, error) {
	out, err := kitgrpc.Upload(ctx, func(ctx context.Context, _ ...grpc.CallOption) (grpc.ClientStreamingClient[dynamicpb.Message, dynamicpb.Message], error) {
		return r.open(ctx, cc)
	}, messages(in, more(ctx)))
	if err != nil {
		return nil, err
	}
	return r.answer(out)
}

// exchange sends on a goroutine of its own, which has ended when the stream has.
func (r rpc) exchange(ctx context.Context, cc *grpc.ClientConn, in *dynamicpb.Message, more items) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	var taken atomic.Bool // the sequence: whoever sends may come to it only after the end
	sent := make(chan struct{})
	end := func() {
		cancel()
		if !taken.CompareAndSwap(false, true) {
			<-sent
		}
	}
	out, err := kitgrpc.Exchange(ctx, func(ctx context.Context, _ ...grpc.CallOption) (grpc.BidiStreamingClient[dynamicpb.Message, dynamicpb.Message], error) {
		return r.open(ctx, cc)
	}, func(yield func(*dynamicpb.Message, error) bool) {
		if taken.CompareAndSwap(false, true) {
			defer close(sent)
			messages(in, more(ctx))(yield)
		}
	}, r.answer)
	if err != nil {
		end()
		return nil, err
	}
	out.OnEnd(func(error) { end() })
	return out, nil
}

// messages are in, unless it is nil, and the elements of a stream.
func messages(in *dynamicpb.Message, more iter.Seq2[any, error]) iter.Seq2[*dynamicpb.Message, error] {
	return func(yield func(*dynamicpb.Message, error) bool) {
		if in != nil && !yield(in, nil) {
			return
		}
		for v, err := range more {
			m, _ := v.(*dynamicpb.Message) // nil beside an error
			if !yield(m, err) {
				return
			}
		}
	}
}

// open opens a stream of the method.
func (r rpc) open(ctx context.Context, cc *grpc.ClientConn) (dynamic, error) {
	s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: r.IsStreamingClient(), ServerStreams: r.IsStreamingServer()}, r.path())
	return dynamic{s, r.Output()}, err
}

// dynamic is a stream of messages that have no Go type of their own, with the
// methods that generated code gives to streams.
type dynamic struct {
	grpc.ClientStream
	out protoreflect.MessageDescriptor
}

// Send implements grpc.ClientStreamingClient.
func (s dynamic) Send(m *dynamicpb.Message) error { return s.SendMsg(m) }

// Recv implements grpc.ServerStreamingClient.
func (s dynamic) Recv() (*dynamicpb.Message, error) {
	m := dynamicpb.NewMessage(s.out)
	if err := s.RecvMsg(m); err != nil {
		return nil, err
	}
	return m, nil
}

// CloseAndRecv implements grpc.ClientStreamingClient.
func (s dynamic) CloseAndRecv() (*dynamicpb.Message, error) {
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	return s.Recv()
}
