package servers

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestConsulLife(t *testing.T) {
	t.Parallel()
	life(t, Consul(t, Options{}), kv{
		put: func(ctx context.Context, addr, key, value string) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+addr+"/v1/kv/"+key, strings.NewReader(value))
			if err != nil {
				return err
			}
			var ok bool
			return exchange(req, &ok)
		},
		get: func(ctx context.Context, addr, key string) (string, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/v1/kv/"+key, http.NoBody)
			if err != nil {
				return "", err
			}
			var found []struct{ Value []byte }
			if err := exchange(req, &found); err != nil || len(found) == 0 {
				return "", err
			}
			return string(found[0].Value), nil
		},
	})
}

func TestConsulDNS(t *testing.T) {
	t.Parallel()
	s := Consul(t, Options{})
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.DNS())
	}}
	if addrs, err := r.LookupHost(t.Context(), "consul.service.consul."); err != nil || len(addrs) != 1 {
		t.Errorf("lookup = %v, %v; want the server itself", addrs, err)
	}
	if dns := Etcd(t, Options{}).DNS(); dns != "" {
		t.Errorf("DNS of an etcd = %q; want none", dns)
	}
}
