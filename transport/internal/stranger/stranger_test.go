package stranger_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kitgen/kitgen/transport/internal/stranger"
)

func TestWhoAsksForACertificateIsKnown(t *testing.T) {
	for auth, asks := range map[tls.ClientAuthType]bool{tls.NoClientCert: false, tls.RequireAnyClientCert: true} {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = &tls.Config{ClientAuth: auth}
		s.StartTLS()
		var c stranger.Client
		resp, err := (&http.Transport{TLSClientConfig: c.TLS(), DisableKeepAlives: true}).RoundTrip(httptest.NewRequest(http.MethodGet, s.URL, http.NoBody))
		if err == nil {
			resp.Body.Close()
		}
		if c.Asked() != asks || (err != nil) != asks {
			t.Errorf("%v: asked %t, %v", auth, c.Asked(), err)
		}
		s.Close()
	}
}
