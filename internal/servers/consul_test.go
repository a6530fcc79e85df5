package servers

import (
	"context"
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
