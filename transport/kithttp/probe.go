package kithttp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// probe makes one request, on a connection of its own. Any answer will do: a
// listener alone would accept connections without anybody serving them.
func (s *server) probe(ctx context.Context) error {
	t := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, s.l.Addr().Network(), s.l.Addr().String())
	}}
	scheme, path := schemeHTTP, "/"
	if s.cfg.TLS != nil {
		scheme = "https"
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // it is this very process that answers
	}
	if s.cfg.LivePath != "-" {
		path = s.cfg.LivePath
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://self-probe"+path, nil)
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(req)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return nil // a TLS alert: it wants to see a client certificate, and so it serves
	}
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
