package kithttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport/kithttp"
)

func TestFactoryParsesInstances(t *testing.T) {
	for _, tt := range []struct{ instance, want string }{
		{"10.1.2.3:80", "http://10.1.2.3:80"},
		{"addsvc:80", "http://addsvc:80"},
		{"[fd00::1]:80", "http://[fd00::1]:80"},
		{"http://addsvc/v1", "http://addsvc/v1"},
		{"https://addsvc", "https://addsvc"},
		{"", ""},
		{"addsvc", ""},
		{":80", ""},
		{"addsvc:http", ""},
		{"ftp://addsvc", ""},
		{"http://", ""},
		{"a b:80", ""},
	} {
		var got string
		_, closer, err := kithttp.Factory(func(base *url.URL, _ *http.Client) endpoint.Endpoint {
			got = base.String()
			return endpoint.Nop
		}, kithttp.ClientConfig{})(tt.instance)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: base %q, %v, want %q", tt.instance, got, err, tt.want)
		}
		if closer != nil {
			_ = closer.Close()
		}
	}
}

func TestEachInstanceHasItsOwnConnections(t *testing.T) {
	seen := map[http.RoundTripper]bool{}
	f := kithttp.Factory(func(_ *url.URL, c *http.Client) endpoint.Endpoint {
		seen[c.Transport] = true
		return endpoint.Nop
	}, kithttp.ClientConfig{})
	for _, instance := range []string{"a:1", "b:1", "a:1"} {
		if _, _, err := f(instance); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d transports for 3 instances", len(seen))
	}
}

// TestCloserClosesConnections: those that are idle at once, those in use when
// they become idle. TestMain's leak check fails if one is left.
func TestCloserClosesConnections(t *testing.T) {
	gone := make(chan struct{}, 8)
	goOn := make(chan struct{})
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Slow") != "" {
			<-goOn
		}
		_, _ = io.WriteString(w, `{}`)
	})
	call, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		tr := c.Transport.(interface {
			RoundTrip(*http.Request) (*http.Response, error)
		})
		return kithttp.NewEndpoint[sumResponse](&http.Client{Transport: slow{tr}}, "POST", base, "/")
	}, kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	for _, isSlow := range []bool{false, true} {
		ctx := context.WithValue(t.Context(), slowKey{}, isSlow)
		if !isSlow {
			if _, err := call(ctx, nil); err != nil {
				t.Error(err)
			}
			continue
		}
		go func() {
			defer func() { gone <- struct{}{} }()
			if _, err := call(ctx, nil); err != nil {
				t.Error(err)
			}
		}()
	}
	if err := closer.Close(); err != nil {
		t.Error(err)
	}
	close(goOn)
	<-gone
}

type slowKey struct{}

// slow asks the stub to take its time.
type slow struct{ http.RoundTripper }

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Value(slowKey{}) == true {
		r = r.Clone(r.Context())
		r.Header.Set("Slow", "1")
	}
	return s.RoundTripper.RoundTrip(r)
}

var _ net.Listener = (*countingListener)(nil)
