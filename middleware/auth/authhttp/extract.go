package authhttp

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/internal/header"
)

// ExtractConfig is where a server looks for credentials.
type ExtractConfig struct {
	APIKeyHeader string // X-API-Key if empty
}

// Validate returns an error that names the first field that makes no sense.
func (c ExtractConfig) Validate() error {
	if !header.Valid(cmp.Or(c.APIKeyHeader, "X")) {
		return fmt.Errorf("authhttp: ExtractConfig.APIKeyHeader is %q: want a header's name, or nothing for X-API-Key", c.APIKeyHeader)
	}
	return nil
}

// Extract returns a function that notes what a request shows of its caller: the
// Authorization header, an API key, and the client certificate where the
// handshake verified it. A cfg that Validate rejects is a mistake in the
// program, and Extract panics with Validate's error.
func Extract(cfg ExtractConfig) func(context.Context, *http.Request) context.Context {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	apiKey := http.CanonicalHeaderKey(cmp.Or(cfg.APIKeyHeader, "X-API-Key"))
	return func(ctx context.Context, r *http.Request) context.Context {
		c := header.Read(r.Header["Authorization"], r.Header[apiKey])
		if r.TLS != nil {
			c.Peer = header.Peer(*r.TLS)
		}
		return auth.WithCredentials(ctx, c)
	}
}
