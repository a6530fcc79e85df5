package auth

import (
	"context"
	"crypto/x509"
)

// Credentials is what a call shows of who makes it. Nothing in it but Peer has
// been verified. The zero value shows nothing.
type Credentials struct {
	Scheme string // of the Authorization header, in lower case, such as "bearer"
	Token  Secret // what follows the scheme
	APIKey Secret // of the header for API keys

	// Peer is the certificate that the caller's side of the TLS connection
	// proved to hold, and that leads to one of the CAs which the server asks
	// for. It is nil where the handshake did not verify it.
	Peer *x509.Certificate

	// Fault is why a credential that was sent is not here, such as "more than
	// one Authorization header". It must hold nothing of the credential.
	Fault string
}

// Verifier tells who calls, by what the call shows. It returns a Principal that
// nobody changes any more, or one of
//
//	an *Error of Kind ErrMissing     nothing is shown that it looks for
//	another *Error                   what is shown will not do
//	any other error                  it cannot tell now: its keys are not at hand
//
// It is called on the caller's goroutine and must be safe for concurrent use.
type Verifier func(ctx context.Context, shown Credentials) (*Principal, error)

// WithCredentials returns a context that shows c, and nothing of what ctx
// showed before. It is for what receives calls from a wire.
func WithCredentials(ctx context.Context, c Credentials) context.Context {
	return context.WithValue(ctx, credentialsKey{}, &c)
}

func credentials(ctx context.Context) Credentials {
	if c, ok := ctx.Value(credentialsKey{}).(*Credentials); ok {
		return *c
	}
	return Credentials{}
}

type credentialsKey struct{}
