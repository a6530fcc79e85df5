package call

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kittls"
)

// security is how a call knows who answers, and says who makes it.
type security struct {
	ca, cert, key string
	servers       []string // as kittls has names
}

// secure reports whether calls are to talk TLS.
func (s security) secure() bool {
	return s.ca != "" || s.cert != "" || s.key != "" || len(s.servers) > 0
}

// config is for calls to target.
func (s security) config(target string) (*tls.Config, error) {
	if (s.cert == "") != (s.key == "") {
		return nil, console.UsageError{Err: errors.New("--tls-cert and --tls-key: a certificate needs both")}
	}
	if len(s.servers) == 0 {
		s.servers = typed(target)
	}
	if len(s.servers) == 0 {
		return nil, console.UsageError{Err: errors.New("--tls-server is missing: say who must answer, as in dns:greeter.prod.example or spiffe://prod.example/greeter; " +
			"addresses and registries do not prove that")}
	}
	certs, err := kittls.Client(kittls.ClientConfig{CA: s.ca, Cert: s.cert, Key: s.key, Servers: s.servers})
	if err != nil {
		return nil, console.UsageError{Err: fmt.Errorf("--tls-ca, --tls-cert, --tls-key, --tls-server: %w", err)}
	}
	return certs.TLS(), nil
}

// typed are the names of hosts that the user has typed: unlike those that a registry
// gives, they say who is meant. None if one of them is an IP address.
func typed(target string) (names []string) {
	t, err := sd.ParseTarget(target)
	if err != nil || t.Scheme != "static" {
		return nil
	}
	for _, addr := range t.Hosts {
		host, _, err := net.SplitHostPort(addr)
		if err != nil || net.ParseIP(host) != nil {
			return nil
		}
		names = append(names, "dns:"+strings.ToLower(host))
	}
	return names
}

// mend is what to do where a call failed since one side talks TLS and the other does
// not, or wants a certificate; empty if it was something else.
func (s security) mend(ctx context.Context, addr string, err error) string {
	text := err.Error()
	for _, ours := range []string{"tls: failed to verify", "another service answered"} {
		if strings.Contains(text, ours) {
			return "" // it says it all
		}
	}
	it, known := meet(ctx, addr)
	switch {
	case !known:
		return ""
	case it.talksTLS && !s.secure():
		return addr + " talks TLS, and the call was in plain text: give --tls-ca, and with --tls-server who must answer"
	case !it.talksTLS && s.secure():
		return addr + " does not talk TLS: leave out --tls-ca and the like, or give that service a certificate"
	case it.asksWho && s.cert == "":
		return addr + " asks who calls: give --tls-cert and --tls-key"
	case strings.Contains(text, "looked like an HTTP/1.1 header"):
		return addr + " does not talk gRPC: is that its address for HTTP? Give --over http, or the other one"
	}
	return ""
}

// stranger is what can be seen of a server from outside.
type stranger struct{ talksTLS, asksWho bool }

// meet has a look at who listens at addr, if that can be done.
func meet(ctx context.Context, addr string) (it stranger, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return it, false
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	hello := tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // nothing is sent, and nobody believed
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			it.asksWho = true
			return new(tls.Certificate), nil
		},
		VerifyConnection: func(tls.ConnectionState) error {
			it.talksTLS = true
			return nil
		},
	})
	_ = hello.HandshakeContext(ctx) // how far it came is what counts
	return it, it.talksTLS || ctx.Err() == nil
}
