package mtls

import (
	"context"
	"crypto/x509"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kitgen/kitgen/middleware/auth"
)

const (
	spiffe = "spiffe://"
	dns    = "dns:"
	cn     = "cn:"
)

// Config is which certificates are good.
type Config struct {
	// Allow is who may call; anybody whom the server's CAs vouch for if empty.
	// Others get auth.ErrForbidden. An entry is a name, as package mtls has
	// them, or a part of SPIFFE IDs: "spiffe://prod.example/*" are all of a
	// trust domain, "spiffe://prod.example/billing/*" all below a path.
	Allow []string
}

// New returns a verifier. The Principal's Issuer is the trust domain of a SPIFFE
// ID, and else the common name of the certificate's issuer; Claims is the
// *x509.Certificate. A cfg that Validate rejects is a mistake in the program,
// and New panics with Validate's error.
func New(cfg Config) auth.Verifier {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	allow := slices.Clone(cfg.Allow)
	missing := &auth.Error{Kind: auth.ErrMissing, Reason: "no verified client certificate"}
	return func(_ context.Context, shown auth.Credentials) (*auth.Principal, error) {
		cert := shown.Peer
		if cert == nil {
			return nil, missing
		}
		if now := time.Now(); now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
			return nil, &auth.Error{Reason: "the client certificate is not valid at this time"}
		}
		return identify(cert, allow)
	}
}

// identify returns the principal of a certificate that is valid.
func identify(cert *x509.Certificate, allow []string) (*auth.Principal, error) {
	names, err := namesOf(cert)
	if err != nil {
		return nil, err
	}
	i := 0
	if len(allow) > 0 {
		i = slices.IndexFunc(names, func(name string) bool { return allowed(allow, name) })
	}
	if i < 0 {
		return nil, &auth.Error{Kind: auth.ErrForbidden, Reason: strconv.Quote(names[0]) + " is not among the callers that are allowed"}
	}
	p := &auth.Principal{ID: names[i], Method: "mtls", Issuer: cert.Issuer.CommonName, Claims: cert}
	if rest, ok := strings.CutPrefix(p.ID, spiffe); ok {
		p.Issuer, _, _ = strings.Cut(rest, "/")
	}
	return p, nil
}

func allowed(allow []string, name string) bool {
	return slices.ContainsFunc(allow, func(a string) bool {
		if above, ok := strings.CutSuffix(a, "*"); ok { // it ends in a slash: see Validate
			return strings.HasPrefix(name, above)
		}
		return a == name
	})
}
