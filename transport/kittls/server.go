package kittls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
)

// Server reads cfg's files for a server. Its error has everything that is wrong
// with them, each with the field, the file and the mend.
func Server(cfg ServerConfig) (*Certs, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("kittls: %w", err)
	}
	c := &Certs{peers: slices.Clone(cfg.Clients)}
	if err := c.open(cfg.Logger, x509.ExtKeyUsageServerAuth, file{"ServerConfig.Cert", cfg.Cert}, file{"ServerConfig.Key", cfg.Key}, file{"ServerConfig.ClientCA", cfg.ClientCA}); err != nil {
		return nil, err
	}
	auth := tls.NoClientCert
	switch {
	case cfg.ClientCA != "" && cfg.Optional:
		auth = tls.VerifyClientCertIfGiven
	case cfg.ClientCA != "":
		auth = tls.RequireAndVerifyClientCert
	}
	c.config = &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.forClient(auth), nil
		},
	}
	return c, nil
}

// forClient is the config for one handshake. Were the CAs looked at in a
// callback alone, nobody behind would see verified chains.
func (c *Certs) forClient(auth tls.ClientAuthType) *tls.Config {
	cfg := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{*c.own.get()},
		ClientAuth:   auth,
	}
	if c.cas != nil {
		cfg.ClientCAs = c.cas.get()
		cfg.VerifyConnection = func(cs tls.ConnectionState) error { return c.check(c.admit(cs, cfg.ClientCAs)) }
	}
	return cfg
}

// admit decides on a client whose certificate, if it has shown one, led to a CA:
// now, or when the session began that it resumes.
func (c *Certs) admit(cs tls.ConnectionState, cas *x509.CertPool) error {
	if len(cs.PeerCertificates) == 0 {
		return nil // Optional, or crypto/tls had refused it
	}
	if cs.DidResume {
		if err := verify(cs, cas, x509.ExtKeyUsageClientAuth); err != nil {
			return err
		}
	}
	if leaf := cs.PeerCertificates[0]; len(c.peers) > 0 && !isOneOf(leaf, c.peers) {
		return &Mismatch{Want: c.peers, Got: namesOf(leaf)}
	}
	return nil
}
