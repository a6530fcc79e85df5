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
	"github.com/kitgen/kitgen/transport/internal/draining"
)

// ClientConfig is how the instances of one service are called.
type ClientConfig struct {
	DialTimeout         time.Duration // 1 s if zero
	IdleConnTimeout     time.Duration // 90 s if zero; below the server's own, so that it is the client that hangs up
	MaxIdleConnsPerHost int           // 256 if zero: with fewer than there are calls at once, connections are made anew all the time
	MaxResponse         int64         // of a response that is read into memory, in bytes; 4 MiB if zero, no limit if negative
	TLS                 *tls.Config   // calls https if not nil
}

// Factory makes one http.Client with a connection pool of its own for each
// instance, and hands it to newEndpoint together with the instance's base URL.
// The closer closes the connections that are idle; calls in flight finish. It
// also has a method Probe, which asks the instance for its load, and a method
// OnDrain, by which lb.NewPool learns that the instance said it leaves.
// An instance is host:port, or a whole http or https URL. No proxy is used.
//
// Redirects are not followed: they would lead past whoever chose the instance, to
// a host that nobody has checked, with the call's credentials. A client that is to
// follow them is given its own CheckRedirect by newEndpoint.
func Factory(newEndpoint func(base *url.URL, c *http.Client) endpoint.Endpoint, cfg ClientConfig) kitsd.Factory {
	cfg = cfg.filled()
	return func(instance string) (endpoint.Endpoint, io.Closer, error) {
		base, err := baseURL(instance, cfg.TLS != nil)
		if err != nil {
			return nil, nil, err
		}
		t := cfg.transport(base)
		return newEndpoint(base, &http.Client{Transport: t, CheckRedirect: dontFollow}), t, nil
	}
}

func dontFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (cfg ClientConfig) filled() ClientConfig {
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = time.Second
	}
	if cfg.IdleConnTimeout == 0 {
		cfg.IdleConnTimeout = 90 * time.Second
	}
	if cfg.MaxIdleConnsPerHost == 0 {
		cfg.MaxIdleConnsPerHost = 256
	}
	if cfg.MaxResponse == 0 {
		cfg.MaxResponse = maxBody
	}
	return cfg
}

// instanceTransport is the connections to one instance.
type instanceTransport struct {
	*http.Transport
	draining.Hook

	base        *url.URL
	maxResponse int64
	closed      atomic.Bool
	leaving     atomic.Bool // the instance has said so
}

func (cfg ClientConfig) transport(base *url.URL) *instanceTransport {
	return &instanceTransport{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: cfg.DialTimeout}).DialContext,
			TLSHandshakeTimeout: cfg.DialTimeout,
			TLSClientConfig:     cfg.TLS.Clone(), // net/http writes to it
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

// RoundTrip limits the response, and hands on what the server says of itself: its
// load, and that it leaves.
func (t *instanceTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.roundTrip(r)
	if err == nil && !isStream(r.Context()) {
		b := resp.Body.(*instanceBody) //nolint:forcetypeassert // roundTrip has made it
		b.ReadCloser, b.limit = atMost(nil, b.ReadCloser, t.maxResponse), true
	}
	return resp, err
}

func (t *instanceTransport) roundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if text := resp.Header[load.Header]; len(text) > 0 {
		load.Deliver(r.Context(), text[0])
	}
	if _, ok := resp.Header[draining.Header]; ok {
		t.leaving.Store(true)
		t.Tell()
	}
	resp.Body = &instanceBody{ReadCloser: resp.Body, t: t}
	return resp, nil
}

// Close closes the connections that are idle, and has those in use closed when
// they become so.
func (t *instanceTransport) Close() error {
	t.closed.Store(true)
	t.CloseIdleConnections()
	return nil
}

// instanceBody is a response in flight.
type instanceBody struct {
	io.ReadCloser

	t     *instanceTransport
	limit bool // it is limited
}

func (b *instanceBody) limited() bool { return b.limit }
func (b *instanceBody) empty() bool   { return b.ReadCloser == http.NoBody }
func (b *instanceBody) leaving() bool { return b.t.leaving.Load() }

// Write is for connections that have switched to another protocol: net/http's
// bodies can be written to then.
func (b *instanceBody) Write(p []byte) (int, error) {
	w, ok := b.ReadCloser.(io.Writer)
	if !ok {
		return 0, http.ErrNotSupported
	}
	return w.Write(p)
}

// Close gives the connection back, to nobody if the instance is gone.
func (b *instanceBody) Close() error {
	err := b.ReadCloser.Close()
	if b.t.closed.Load() {
		b.t.CloseIdleConnections()
	}
	return err
}

const schemeHTTP = "http"

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
	if u.Scheme != schemeHTTP && u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" && raw != instance {
		return nil, fmt.Errorf("instance %q: want host:port or an http or https URL", instance)
	}
	return u, nil
}
