package kitgrpc

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// KeepMetadata is for go-kit's own transport/grpc Client, as the first of its
// ClientBefore: go-kit sends what those add in place of the metadata that the
// context holds, such as a traceparent. NewEndpoint needs no such help.
func KeepMetadata(ctx context.Context, md *metadata.MD) context.Context {
	if held, ok := metadata.FromOutgoingContext(ctx); ok {
		*md = metadata.Join(*md, held)
	}
	return ctx
}

// MakeMetadata is for go-kit's own transport/grpc Server, as the first of its
// ServerAfter: go-kit hands those nil maps, in which its SetResponseHeader and
// SetResponseTrailer panic (go-kit #833). NewHandler needs no such help.
func MakeMetadata(ctx context.Context, header, trailer *metadata.MD) context.Context {
	for _, md := range []*metadata.MD{header, trailer} {
		if *md == nil {
			*md = metadata.MD{}
		}
	}
	return ctx
}
