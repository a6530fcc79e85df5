package authgrpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/middleware/auth/internal/header"
)

// AttachConfig is what a client adds to its calls.
type AttachConfig struct {
	// Token returns what to show; required. It is called for every call, on a
	// goroutine that makes it, so it should keep a token for as long as it is
	// good. An error that is a gRPC status goes on to the caller as it is, and
	// another one as Unavailable.
	Token func(ctx context.Context) (string, error)

	Header    string // the metadata's key, x-api-key for example; authorization if empty
	Scheme    string // stands before the token; Bearer if Header is empty too, else nothing if empty
	Plaintext bool   // send it even over a connection without TLS, where everybody on the way can read it
}

// Validate returns an error that names the first field that makes no sense.
func (c AttachConfig) Validate() error {
	switch {
	case c.Token == nil:
		return errors.New("authgrpc: AttachConfig.Token is nil: want a function that returns a token")
	case !validKey(cmp.Or(c.Header, "x")):
		return fmt.Errorf("authgrpc: AttachConfig.Header is %q: want a metadata key that is text, or nothing for authorization", c.Header)
	case !header.Valid(cmp.Or(c.Scheme, "x")):
		return fmt.Errorf("authgrpc: AttachConfig.Scheme is %q: want one word, or nothing for Bearer", c.Scheme)
	}
	return nil
}

// Attach returns credentials for grpc.WithPerRPCCredentials or
// grpc.PerRPCCredentials. grpc itself refuses to send them over a connection
// that is not encrypted, unless Plaintext is set. A cfg that Validate rejects
// is a mistake in the program, and Attach panics with Validate's error.
func Attach(cfg AttachConfig) credentials.PerRPCCredentials {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	prefix := cfg.Scheme
	if cfg.Header == "" {
		prefix = cmp.Or(cfg.Scheme, "Bearer")
	}
	if prefix != "" {
		prefix += " "
	}
	return &attached{cfg.Token, strings.ToLower(cmp.Or(cfg.Header, "authorization")), prefix, cfg.Plaintext}
}

type attached struct {
	token       func(context.Context) (string, error)
	key, prefix string
	plaintext   bool
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (a *attached) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if !a.plaintext {
		info, _ := credentials.RequestInfoFromContext(ctx)
		if err := credentials.CheckSecurityLevel(info.AuthInfo, credentials.PrivacyAndIntegrity); err != nil {
			return nil, status.Errorf(codes.Internal, "authgrpc: token withheld: %v", err)
		}
	}
	token, err := a.token(ctx)
	if err == nil && token == "" {
		err = errors.New("the source returned an empty one")
	}
	if err != nil {
		err = fmt.Errorf("authgrpc: get a token: %w", err)
		if _, ok := status.FromError(err); ok {
			return nil, err
		}
		if st := status.FromContextError(err); st.Code() != codes.Unknown {
			return nil, st.Err()
		}
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return map[string]string{a.key: a.prefix + token}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (a *attached) RequireTransportSecurity() bool { return !a.plaintext }
