package servers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestEtcdLife(t *testing.T) {
	t.Parallel()
	life(t, Etcd(t, Options{}), kv{
		put: func(ctx context.Context, addr, key, value string) error {
			_, err := etcdCall[struct{}](ctx, addr, "put", map[string][]byte{"key": []byte(key), "value": []byte(value)})
			return err
		},
		get: func(ctx context.Context, addr, key string) (string, error) {
			type found struct{ Kvs []struct{ Value []byte } }
			f, err := etcdCall[found](ctx, addr, "range", map[string][]byte{"key": []byte(key)})
			if err != nil || len(f.Kvs) == 0 {
				return "", err
			}
			return string(f.Kvs[0].Value), nil
		},
	})
}

// etcdCall speaks to etcd's JSON gateway, which spares this package a client.
func etcdCall[T any](ctx context.Context, addr, method string, in map[string][]byte) (out T, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v3/kv/"+method, strings.NewReader(string(body)))
	if err != nil {
		return out, err
	}
	return out, exchange(req, &out)
}

// exchange sends req on a connection of its own and decodes the answer.
func exchange(req *http.Request, out any) error {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// page says why there is no page at url.
func page(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: %s", url, resp.Status)
	}
	return nil
}
