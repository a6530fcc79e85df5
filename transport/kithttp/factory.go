package kithttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/internal/load"
)

// ClientConfig is how the instances of one service are called.
type ClientConfig struct {
	DialTimeout         time.Duration // 1 s if zero
	IdleConnTimeout     time.Duration // 90 s if zero; below the server's own, so that it is the client that hangs up
	MaxIdleConnsPerHost int           // 64 if zero
	MaxResponse         int64         // of a response's body, in bytes; 4 MiB if zero, no limit if negative
	TLS                 *tls.Config   // calls https if not nil
}

// Factory makes one http.Client with a connection pool of its own for each
// instance, and hands it to newEndpoint together with the instance's base URL.
// The closer closes the connections that are idle; calls in flight finish. It
// also has a method Probe, which asks the instance for its load.
// An instance is host:port, or a whole http or https URL. No proxy is used.
func Factory(newEndpoint func(base *url.URL, c *http.Client) endpoint.Endpoint, cfg ClientConfig) kitsd.Factory {
	cfg = cfg.filled()
	return func(instance string) (endpoint.Endpoint, io.Closer, error) {
		base, err := baseURL(instance, cfg.TLS != nil)
		if err != nil {
			return nil, nil, err
		}
		t := cfg.transport(base)
		return newEndpoint(base, &http.Client{Transport: t}), t, nil
	}
}

func (cfg ClientConfig) filled() ClientConfig {
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = time.Second
	}
	if cfg.IdleConnTimeout == 0 {
		cfg.IdleConnTimeout = 90 * time.Second
	}
	if cfg.MaxIdleConnsPerHost == 0 {
		cfg.MaxIdleConnsPerHost = 64
	}
	if cfg.MaxResponse == 0 {
		cfg.MaxResponse = maxBody
	}
	return cfg
}

// instanceTransport is the connections to one instance.
type instanceTransport struct {
	*http.Transport
	base        *url.URL
	maxResponse int64
	closed      atomic.Bool
}

func (cfg ClientConfig) transport(base *url.URL) *instanceTransport {
	return &instanceTransport{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: cfg.DialTimeout}).DialContext,
			TLSHandshakeTimeout: cfg.DialTimeout,
			TLSClientConfig:     cfg.TLS,
			ForceAttemptHTTP2:   cfg.TLS != nil,
			MaxIdleConnsPerHost: cfg.MaxIdleConnsPerHost,
			IdleConnTimeout:     cfg.IdleConnTimeout,
			DisableCompression:  true, // JSON between services: latency is dearer than bytes
		},
		base:        base,
		maxResponse: cfg.MaxResponse,
	}
}

// Probe asks the instance how busy it is: see the function Probe.
func (t *instanceTransport) Probe(ctx context.Context) (inFlight int, latency time.Duration, err error) {
	return Probe(ctx, &http.Client{Transport: t}, t.base)
}

// RoundTrip limits the response, and hands on what the server says of its load.
func (t *instanceTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if text := resp.Header.Get(load.Header); text != "" {
		load.Deliver(r.Context(), text)
	}
	resp.Body = &instanceBody{atMost(nil, resp.Body, t.maxResponse), t}
	return resp, nil
}

// Close closes the connections that are idle, and has those in use closed when
// they become so.
func (t *instanceTransport) Close() error {
	t.closed.Store(true)
	t.CloseIdleConnections()
	return nil
}

// instanceBody is a response in flight, which is limited.
type instanceBody struct {
	io.ReadCloser
	t *instanceTransport
}

func (*instanceBody) limited() {}

// Close gives the connection back, to nobody if the instance is gone.
func (b *instanceBody) Close() error {
	err := b.ReadCloser.Close()
	if b.t.closed.Load() {
		b.t.CloseIdleConnections()
	}
	return err
}

// baseURL is where instance is called.
func baseURL(instance string, secure bool) (*url.URL, error) {
	raw := instance
	if !strings.Contains(raw, "://") {
		scheme := "http://"
		if secure {
			scheme = "https://"
		}
		raw = scheme + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("instance %q: want host:port or a URL: %w", instance, errors.Unwrap(err))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" && raw != instance {
		return nil, fmt.Errorf("instance %q: want host:port or an http or https URL", instance)
	}
	return u, nil
}
