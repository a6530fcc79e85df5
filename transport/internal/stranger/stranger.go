// Package stranger is how a server is called by its own process, which wants to
// know no more than whether it answers.
package stranger

import (
	"crypto/tls"
	"sync/atomic"
)

// Client is a TLS client that takes any server and shows no certificate. A server
// that asked for one serves, whatever becomes of the connection: the alert by which
// it turns strangers away may be lost with it.
type Client struct{ asked atomic.Bool }

// TLS is the client's side of a connection.
func (c *Client) TLS() *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // it is this very process that answers
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c.asked.Store(true)
			return new(tls.Certificate), nil
		},
	}
}

// Asked reports whether a server wanted to see a certificate.
func (c *Client) Asked() bool { return c.asked.Load() }
