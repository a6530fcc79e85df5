package authgrpc

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/internal/header"
)

// ExtractConfig is where a server looks for credentials.
type ExtractConfig struct {
	APIKeyHeader string // the metadata's key; x-api-key if empty
}

// Validate returns an error that names the first field that makes no sense.
func (c ExtractConfig) Validate() error {
	if !validKey(cmp.Or(c.APIKeyHeader, "x")) {
		return fmt.Errorf("authgrpc: ExtractConfig.APIKeyHeader is %q: want a metadata key that is text, or nothing for x-api-key", c.APIKeyHeader)
	}
	return nil
}

// validKey reports whether grpc sends the values of key as they are.
func validKey(key string) bool {
	key = strings.ToLower(key)
	return header.Valid(key) && !strings.HasSuffix(key, "-bin") && !strings.HasPrefix(key, "grpc-")
}

// Extract returns a function that notes what a call shows of its caller: the
// authorization in its metadata, an API key, and the client certificate where
// the handshake verified it. It is go-kit's grpc.ServerRequestFunc. A cfg that
// Validate rejects is a mistake in the program, and Extract panics with
// Validate's error.
func Extract(cfg ExtractConfig) func(context.Context, metadata.MD) context.Context {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	apiKey := strings.ToLower(cmp.Or(cfg.APIKeyHeader, "x-api-key"))
	return func(ctx context.Context, md metadata.MD) context.Context {
		c := header.Read(md.Get("authorization"), md.Get(apiKey))
		if p, ok := peer.FromContext(ctx); ok {
			if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
				c.Peer = header.Peer(info.State)
			}
		}
		return auth.WithCredentials(ctx, c)
	}
}
