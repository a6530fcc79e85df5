package interop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
)

// replica is an instance of a service that answers with its own address.
func replica(t *testing.T) (addr string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// factory makes endpoints that ask a replica.
func factory(instance string) (endpoint.Endpoint, io.Closer, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(ctx context.Context, _ any) (any, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+instance, http.NoBody)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}, nil, nil
}

// client is what this repository puts behind an instancer.
type client struct {
	*testing.T

	pool *lb.Pool
	call endpoint.Endpoint
}

// clientOf follows instances until the test ends.
func clientOf(t *testing.T, instances kitsd.Instancer) *client {
	t.Helper()
	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: breaker.Each(breaker.Config{}), Logger: logger(t)})
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return &client{T: t, pool: pool, call: lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))}
}

// becomes waits until the pool has exactly these instances, and sees each of
// them answer.
func (c *client) becomes(addrs ...string) {
	c.Helper()
	slices.Sort(addrs)
	for !slices.Equal(c.known(), addrs) {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-c.Context().Done():
			c.Fatal(c.Context().Err())
		}
	}
	c.served(addrs...)
}

// known is the addresses of those the pool has connected.
func (c *client) known() (addrs []string) {
	for _, n := range c.pool.Nodes() {
		if n.Connected {
			addrs = append(addrs, n.ID)
		} else {
			addrs = append(addrs, fmt.Sprintf("%s: %v", n.ID, n.Err))
		}
	}
	slices.Sort(addrs)
	return addrs
}

// served calls until each of the instances has answered, and fails if a call
// does or another answers.
func (c *client) served(addrs ...string) {
	c.Helper()
	seen := make(map[string]bool)
	for len(seen) < len(addrs) {
		response, err := c.call(c.Context(), nil)
		if err != nil {
			c.Fatal(err)
		}
		addr := response.(string)
		if !slices.Contains(addrs, addr) {
			c.Fatalf("%s answered; want one of %v", addr, addrs)
		}
		seen[addr] = true
	}
}

// logger writes to the log of t, as long as t runs: go-kit's goroutines are
// not joined by those who stop them.
func logger(t *testing.T) log.Logger {
	t.Helper()
	var mu sync.Mutex // guards over
	over := false
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	})
	return log.LoggerFunc(func(keyvals ...any) error {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			t.Log(keyvals...)
		}
		return nil
	})
}
