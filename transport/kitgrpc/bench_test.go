package kitgrpc_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport"
)

// BenchmarkCall compares a call through Factory and ServerOptions with one
// through bare grpc, and with one that is an attempt and says so.
func BenchmarkCall(b *testing.B) {
	e := echo(func(_ context.Context, text string) (string, error) { return text, nil })
	told := attempt.StartWith(b.Context(), attempt.Options{Left: 2})
	defer told.End()
	for name, ctx := range map[string]context.Context{"kitgrpc": b.Context(), "kitgrpc,told": told} {
		b.Run(name, func(b *testing.B) {
			call := dial(b, start(b, e))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(ctx, "hello"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		l := listen(b)
		s := grpc.NewServer()
		e.register(s)
		done := make(chan error)
		go func() { done <- s.Serve(l) }()
		defer func() { s.Stop(); <-done }()
		cc, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			b.Fatal(err)
		}
		defer cc.Close()
		call := saying(cc)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := call(b.Context(), "hello"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkError is what a business error costs more than a response.
func BenchmarkError(b *testing.B) {
	call := dial(b, start(b, returning(&transport.Error{Status: 422, Code: "empty"})))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := call(b.Context(), "hello"); err == nil {
			b.Fatal("no error")
		}
	}
}
