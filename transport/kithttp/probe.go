package kithttp

import (
	"context"
	"net"
	"net/http"

	"github.com/kitgen/kitgen/transport/internal/stranger"
)

// probe makes one request, on a connection of its own. Any answer will do: a
// listener alone would accept connections without anybody serving them.
func (s *server) probe(ctx context.Context) error {
	t := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, s.l.Addr().Network(), s.l.Addr().String())
	}}
	scheme, path := schemeHTTP, "/"
	var caller stranger.Client
	if s.cfg.TLS != nil {
		scheme = "https"
		t.TLSClientConfig = caller.TLS()
	}
	if s.cfg.LivePath != "-" {
		path = s.cfg.LivePath
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://self-probe"+path, nil)
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(req)
	switch {
	case err == nil:
		return resp.Body.Close()
	case caller.Asked() && ctx.Err() == nil:
		return nil
	}
	return err
}
