package kittls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
)

// Certs is what one side of a connection needs to know who it is and who the
// other side is. Its methods may be called from any goroutine; there is nothing
// to close.
type Certs struct {
	config  *tls.Config
	own     *source[*tls.Certificate] // nil if there is none
	cas     *source[*x509.CertPool]   // nil if there is none
	peers   []string                  // who the other side may be; anybody if empty
	refused atomic.Uint64
}

// open reads the files that are named.
func (c *Certs) open(logger log.Logger, usage x509.ExtKeyUsage, cert, key, ca file) error {
	if logger == nil {
		logger = log.NewNopLogger()
	}
	var ownErr, caErr error
	if cert.path != "" {
		c.own, ownErr = open(logger, pair(cert, key, usage), cert, key)
	}
	if ca.path != "" {
		c.cas, caErr = open(logger, pool(ca), ca)
	}
	if err := errors.Join(ownErr, caErr); err != nil {
		return fmt.Errorf("kittls: %w", err)
	}
	return nil
}

// TLS is for kithttp.Config, kithttp.ClientConfig, kitgrpc's configs,
// credentials.NewTLS, http.Server or http.Transport. It is to be used as it is:
// what is set in a copy has no effect on a server, which makes a config of its
// own for every client; it speaks HTTP/2 and HTTP/1.1.
func (c *Certs) TLS() *tls.Config { return c.config.Clone() }

// Stats says how things are.
func (c *Certs) Stats() Stats {
	s := Stats{Refused: c.refused.Load()}
	if c.own != nil {
		own := c.own.now.Load()
		leaf := own.value.Leaf
		s.Names, s.NotAfter, s.Loads, s.Err = namesOf(leaf), leaf.NotAfter, own.loads, own.err
		if time.Now().After(leaf.NotAfter) {
			s.Err = errors.Join(s.Err, fmt.Errorf("%s expired at %s, and no other one came", c.own.files[0], leaf.NotAfter.Format(time.RFC3339)))
		}
	}
	if c.cas != nil {
		cas := c.cas.now.Load()
		s.Loads += cas.loads
		s.Err = errors.Join(s.Err, cas.err)
	}
	return s
}

// Stats is how certificates are at one moment.
type Stats struct {
	Names    []string  // all names of the own certificate; none if there is no certificate
	NotAfter time.Time // when it ends; zero if there is none
	Loads    uint64    // how often files were read with success and news: certificate and CAs count apart, the first time too
	Refused  uint64    // handshakes ended here because of who the other side was, beside those that crypto/tls ended itself
	Err      error     // why the files are not what is in use; nil if all is well. As of the last handshake
}

// check is the last word on a connection, resumed or not.
func (c *Certs) check(err error) error {
	if err != nil {
		c.refused.Add(1)
	}
	return err
}

// verify has cs' certificates lead to a CA of roots (the system's if nil).
func verify(cs tls.ConnectionState, roots *x509.CertPool, usage x509.ExtKeyUsage) error {
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{usage}}
	for _, cert := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	if _, err := cs.PeerCertificates[0].Verify(opts); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
	}
	return nil
}
