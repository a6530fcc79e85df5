package consul

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/consul/api"
)

// maxBody is how much of an answer is read, unpacked: far beyond the instances
// that one service can have.
const maxBody = 64 << 20

// TLS says how an agent is reached by HTTPS. The files are PEM, and read anew
// for every connection, so that they may be replaced at any time.
type TLS struct {
	CA         string // file of the authorities that are trusted; the system's if empty
	Cert, Key  string // files of the client's own certificate; none if empty
	ServerName string // in the agent's certificate; the host that is dialled if empty

	InsecureSkipVerify bool // takes any certificate, from whoever answers: for experiments
}

func (t *TLS) check() error {
	switch {
	case t == nil:
		return nil
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("consul TLS has one of Cert and Key: a client certificate needs both")
	case t.InsecureSkipVerify && t.CA != "":
		return errors.New("consul TLS has a CA and InsecureSkipVerify, which would not look at it: keep one")
	}
	return nil
}

// config reads the files.
func (t *TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify} //nolint:gosec // the caller's own word
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read the CA: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the CA: %s has no certificate in PEM", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// remote is an agent to be connected to.
type remote struct{ addr, user, password string }

// open makes a client whose connections close ends. It touches no network.
func (r *remote) open(token string, secure *TLS) (c *api.Client, end func(), err error) {
	dialer := &net.Dialer{Timeout: callTimeout, KeepAlive: 15 * time.Second}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    callTimeout,
		DisableCompression:     true,
	}
	cfg := api.Config{Address: r.addr, Scheme: "http", Token: token, HttpClient: &http.Client{
		Transport:     capped{transport},
		CheckRedirect: refuseRedirect,
	}}
	if secure != nil {
		cfg.Scheme = "https"
		transport.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := secure.config()
			if err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, 2*callTimeout)
			defer cancel()
			return (&tls.Dialer{NetDialer: dialer, Config: c}).DialContext(ctx, network, addr)
		}
	}
	if r.user != "" {
		cfg.HttpAuth = &api.HttpBasicAuth{Username: r.user, Password: r.password}
	}
	if c, err = api.NewClient(&cfg); err != nil {
		return nil, nil, fmt.Errorf("make a client of %s: %w", r.addr, err)
	}
	return c, transport.CloseIdleConnections, nil
}

// refuseRedirect keeps tokens where they were sent: net/http would show
// X-Consul-Token to any host that an answer names.
func refuseRedirect(r *http.Request, _ []*http.Request) error {
	return fmt.Errorf("it redirects to %.128q, which no agent does: name the agent itself", r.URL.Redacted())
}

// capped bounds the bodies of answers.
type capped struct{ http.RoundTripper }

func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if resp != nil {
		resp.Body = &body{resp.Body, maxBody}
	}
	return resp, err
}

type body struct {
	io.ReadCloser

	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer has more than %d MiB", maxBody>>20)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
