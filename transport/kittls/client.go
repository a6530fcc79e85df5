package kittls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// Client reads cfg's files for a client of one service. Its error has everything
// that is wrong with them, each with the field, the file and the mend.
//
// A server that is not one of cfg.Servers is refused in the handshake, before
// anything is sent, and the error has a *Mismatch in its tree (over gRPC, its
// text).
func Client(cfg ClientConfig) (*Certs, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("kittls: %w", err)
	}
	c := &Certs{peers: slices.Clone(cfg.Servers)}
	if err := c.open(cfg.Logger, x509.ExtKeyUsageClientAuth, file{"ClientConfig.Cert", cfg.Cert}, file{"ClientConfig.Key", cfg.Key}, file{"ClientConfig.CA", cfg.CA}); err != nil {
		return nil, err
	}
	c.config = &tls.Config{
		MinVersion: tls.VersionTLS12,
		// crypto/tls would compare the certificate with the address, which says
		// nothing of the service, and by CAs that stay. VerifyConnection does all
		// that it would have done but that.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection:   func(cs tls.ConnectionState) error { return c.check(c.recognise(cs)) },
	}
	if c.own != nil {
		c.config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.own.get(), nil }
	}
	return c, nil
}

// recognise decides on a server.
func (c *Certs) recognise(cs tls.ConnectionState) error {
	if err := c.trust(cs); err != nil {
		return err
	}
	if leaf := cs.PeerCertificates[0]; !isOneOf(leaf, c.peers) {
		return &Mismatch{Want: c.peers, Got: namesOf(leaf), server: true}
	}
	return nil
}

// trust has a server's certificate lead to a CA. One that is unknown may have
// come since the last look.
func (c *Certs) trust(cs tls.ConnectionState) error {
	if c.cas == nil {
		return verify(cs, nil, x509.ExtKeyUsageServerAuth)
	}
	known := c.cas.get()
	err := verify(cs, known, x509.ExtKeyUsageServerAuth)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		if now := c.cas.renew(); now != known { // read by this handshake, or by another meanwhile
			err = verify(cs, now, x509.ExtKeyUsageServerAuth)
		}
	}
	return err
}
