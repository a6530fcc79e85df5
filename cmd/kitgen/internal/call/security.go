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

func (s security) asked() bool { return s.ca != "" || s.cert != "" || s.key != "" || len(s.servers) > 0 }

// config is for calls to target; nil is plain text.
func (s security) config(target string) (*tls.Config, error) {
	if !s.asked() {
		return nil, nil
	}
	if (s.cert == "") != (s.key == "") {
		return nil, console.UsageError{Err: errors.New("--tls-cert and --tls-key: a certificate needs both")}
	}
	if len(s.servers) == 0 {
		s.servers = typed(target)
	}
	if len(s.servers) == 0 {
		return nil, console.UsageError{Err: errors.New("--tls-server is missing: say who must answer, as in dns:greeter.prod.example or spiffe://prod.example/greeter; addresses and registries do not prove that")}
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
	if text := err.Error(); s.asked() && s.cert == "" && (strings.Contains(text, "tls: certificate required") || strings.Contains(text, "tls: bad certificate")) {
		return "it wants to know who calls: give --tls-cert and --tls-key"
	}
	speaks, known := speaksTLS(ctx, addr)
	switch {
	case strings.Contains(err.Error(), "looked like an HTTP/1.1 header") && !speaks:
		return addr + " does not talk gRPC: is that its address for HTTP? Give --over http, or the other one"
	case known && speaks && !s.asked():
		return fmt.Sprintf("%s talks TLS, and the call was in plain text: give --tls-ca, and with --tls-server who must answer", addr)
	case known && !speaks && s.asked():
		return addr + " does not talk TLS: leave out --tls-ca and the like, or give that service a certificate"
	}
	return ""
}

// speaksTLS reports whether who listens at addr answers a TLS handshake, and whether
// that could be found out at all.
func speaksTLS(ctx context.Context, addr string) (speaks, known bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false, false
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	hello := tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // nothing is sent, and nobody believed
		VerifyConnection: func(tls.ConnectionState) error {
			speaks = true
			return nil
		},
	})
	err = hello.HandshakeContext(ctx)
	return speaks, speaks || err == nil || ctx.Err() == nil
}
