// Package header reads credentials from header values, the same for every wire.
package header

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/kitgen/kitgen/middleware/auth"
)

// Read returns what the values of the Authorization header and those of the
// header for API keys show. More than one value of either is a fault: what
// reads the first and what reads the last would believe different callers.
func Read(authorization, apiKey []string) auth.Credentials {
	var c auth.Credentials
	switch len(authorization) {
	case 0:
	case 1:
		c = parse(authorization[0])
	default:
		c.Fault = "more than one Authorization header"
	}
	switch {
	case len(apiKey) == 1 && printable(apiKey[0]):
		c.APIKey = auth.NewSecret(apiKey[0])
	case len(apiKey) == 1:
		c.Fault = "an API key with spaces or control characters"
	case len(apiKey) > 1:
		c.Fault = "more than one API key"
	}
	return c
}

// parse reads "Scheme credentials", of RFC 9110, section 11.4. Those of Bearer
// are one word; of others they are anything.
func parse(value string) auth.Credentials {
	scheme, token, _ := strings.Cut(value, " ")
	token = strings.TrimLeft(token, " ")
	c := auth.Credentials{Scheme: strings.ToLower(scheme)}
	switch {
	case !printable(scheme), token == "":
		return auth.Credentials{Fault: "an Authorization header that is not a scheme and its credentials"}
	case c.Scheme == "bearer" && !printable(token):
		return auth.Credentials{Fault: "a bearer token with spaces or control characters"}
	}
	c.Token = auth.NewSecret(token)
	return c
}

// printable reports whether s is ASCII that can be seen.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Valid reports whether name can be a header's: a token of RFC 9110, section
// 5.6.2, which an authentication scheme is as well.
func Valid(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		}
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// Peer returns the certificate of a connection's other side, if the handshake
// has verified it.
func Peer(s tls.ConnectionState) *x509.Certificate {
	if len(s.VerifiedChains) == 0 || len(s.VerifiedChains[0]) == 0 {
		return nil
	}
	return s.VerifiedChains[0][0]
}
