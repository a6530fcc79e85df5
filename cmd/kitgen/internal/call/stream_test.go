package call

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// ended is a stream that is over as soon as it is there.
type ended struct{ grpc.ClientStream }

func (ended) Header() (metadata.MD, error) { return nil, io.ErrUnexpectedEOF }
func (ended) RecvMsg(any) error            { return io.ErrUnexpectedEOF }

// Whoever sends may not have begun when the stream ends.
func TestAStreamThatEndsAtOnceIsNotWaitedFor(t *testing.T) {
	_, d := loadTalk(t)
	cc, err := grpc.NewClient(serveTalk(t, d, false), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			s, err := open(ctx, desc, cc, method, opts...)
			return ended{s}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	r := reflected{d.Methods().ByName("Echo"), nil}
	from, err := openData("--data", `{"words":{"text":"a"}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := r.job(nil, from.items(r.item)).(onGRPC)(t.Context(), cc); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	}
}
