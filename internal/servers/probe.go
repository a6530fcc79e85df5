package servers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
)

// probe asks a server about itself, on a connection of its own every time.
type probe struct {
	site   site
	client *http.Client
	scheme string
	addr   string // host:port
	header http.Header
}

// probe returns one of a server that has its ports. The caller holds p.mu.
func (p *Process) probe() (probe, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	ask := probe{site: p.site, client: &http.Client{Transport: transport}, scheme: "http", addr: p.site.ports[0].addr()}
	if p.tls != nil {
		var err error
		if transport.TLSClientConfig, err = p.tls.CA.client(); err != nil {
			return probe{}, fmt.Errorf("make a certificate to ask %s with: %w", p.kind.name, err)
		}
		ask.scheme = "https"
	}
	return ask, nil
}

// at returns a probe of another member of the cluster, which listens there.
func (p probe) at(clients *port) probe {
	p.addr = clients.addr()
	return p
}

// with returns the probe with one more header.
func (p probe) with(key, value string) probe {
	p.header = p.header.Clone()
	if p.header == nil {
		p.header = make(http.Header)
	}
	p.header.Set(key, value)
	return p
}

// get returns the body of a page.
func (p probe) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.scheme+"://"+p.addr+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return p.do(req)
}

// post sends in as JSON, and decodes the answer into out.
func (p probe) post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.scheme+"://"+p.addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	b, err := p.do(req)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, out)
}

func (p probe) do(req *http.Request) ([]byte, error) {
	maps.Copy(req.Header, p.header)
	resp, err := p.client.Do(req) //nolint:gosec // a server that we started, on loopback
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", req.URL, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s: %s", req.Method, req.URL, resp.Status, b)
	}
	return b, nil
}
