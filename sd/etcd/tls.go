package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"google.golang.org/grpc/credentials"
)

// reloading is TLS for gRPC that reads CA, certificate and key anew for every
// handshake. A callback of one tls.Config could do that for the certificate
// alone: those who check the server's are not told which address they dialled.
type reloading struct {
	conn Connection

	mu     sync.Mutex // guards the field below
	failed error      // why the last handshake did
}

var _ credentials.TransportCredentials = (*reloading)(nil)

// explain adds to the err of a call why there was nobody to answer it: the
// client keeps a handshake's error to itself until the time for the call is up.
func (r *reloading) explain(err error) error {
	if r == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		return err
	}
	return fmt.Errorf("%w: TLS: %w", err, r.failed)
}

// config is what the files say now.
func (r *reloading) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.conn.CA != "" {
		pem, err := os.ReadFile(r.conn.CA)
		if err != nil {
			return nil, fmt.Errorf("read the CA of etcd: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("CA file %s has no PEM certificate", r.conn.CA)
		}
	}
	if r.conn.Cert != "" {
		pair, err := tls.LoadX509KeyPair(r.conn.Cert, r.conn.Key)
		if err != nil {
			return nil, fmt.Errorf("read the certificate %s and its key %s: %w", r.conn.Cert, r.conn.Key, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// ClientHandshake implements credentials.TransportCredentials.
func (r *reloading) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := r.handshake(ctx, authority, raw)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = err
	return conn, info, err
}

func (r *reloading) handshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	cfg, err := r.config()
	if err != nil {
		return nil, nil, err
	}
	if r.conn.ServerName != "" {
		authority = r.conn.ServerName // else it is what etcd's resolver says: the endpoint
	}
	return credentials.NewTLS(cfg).ClientHandshake(ctx, authority, raw)
}

// ServerHandshake implements credentials.TransportCredentials. A client has none.
func (r *reloading) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, fmt.Errorf("these are credentials of a client of %v", r.conn.Endpoints)
}

// Info implements credentials.TransportCredentials.
func (r *reloading) Info() credentials.ProtocolInfo {
	return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: r.conn.ServerName}).Info()
}

// Clone implements credentials.TransportCredentials.
func (r *reloading) Clone() credentials.TransportCredentials { return r }

// OverrideServerName implements credentials.TransportCredentials; gRPC has
// another way to do that, which works.
func (r *reloading) OverrideServerName(string) error { return nil }
