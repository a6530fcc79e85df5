package authhttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/authhttp"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
)

// set adds headers to a request.
func set(header ...string) func(context.Context, *http.Request) context.Context {
	return func(ctx context.Context, r *http.Request) context.Context {
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		return ctx
	}
}

func TestHeaders(t *testing.T) {
	ca := authtest.NewCA(t)
	s := serve(t, ca, tls.VerifyClientCertIfGiven)
	c := client(t, ca)
	const good, missing, invalid = "", "Bearer", `Bearer error="invalid_token"`
	for _, tt := range []struct {
		name      string
		header    []string
		challenge string // WWW-Authenticate of the 401; none: let in
	}{
		{"key", []string{"X-API-Key", key}, good},
		{"bearer", []string{"Authorization", "Bearer " + key}, good},
		{"bearer in lower case", []string{"Authorization", "bearer " + key}, good},
		{"more spaces", []string{"Authorization", "Bearer   " + key}, good},
		{"a good key beside a wrong scheme", []string{"X-API-Key", key, "Authorization", "Basic YTpi"}, good},
		{"nothing", nil, missing},
		{"another scheme", []string{"Authorization", "Basic YTpi"}, missing},
		{"a wrong key", []string{"X-API-Key", key + "x"}, invalid},
		{"a wrong token", []string{"Authorization", "Bearer x"}, invalid},
		{"two keys", []string{"X-API-Key", key, "X-API-Key", key}, invalid},
		{"two tokens", []string{"Authorization", "Bearer " + key, "Authorization", "Bearer x"}, invalid},
		{"two words", []string{"Authorization", "Bearer " + key + " x"}, invalid},
		{"no token", []string{"Authorization", "Bearer"}, invalid},
		{"no scheme", []string{"Authorization", key}, invalid},
		{"a key of two words", []string{"X-API-Key", "a b"}, invalid},
	} {
		got, err := call(t, s.URL, c, set(tt.header...))
		if tt.challenge == good {
			if err != nil || got != "\"billing\"\n" {
				t.Errorf("%s: %q %v", tt.name, got, err)
			}
			continue
		}
		a, ok := errors.AsType[*answer](err)
		if !ok || a.status != 401 || a.header.Get("WWW-Authenticate") != tt.challenge || !strings.Contains(a.body, `"code":"unauthenticated"`) {
			t.Errorf("%s: %q %v", tt.name, got, err)
		}
		if strings.Contains(err.Error(), key) {
			t.Errorf("%s: the answer repeats the key: %v", tt.name, err)
		}
	}
}

func TestClientCertificates(t *testing.T) {
	ca, other := authtest.NewCA(t), authtest.NewCA(t)
	expired := named("ops")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		name string
		cert []tls.Certificate
		need tls.ClientAuthType
		want int // status; 200: let in; 0: the handshake failed
	}{
		{"good", []tls.Certificate{ca.Issue(named("ops"))}, tls.VerifyClientCertIfGiven, 200},
		{"good and needed", []tls.Certificate{ca.Issue(named("ops"))}, tls.RequireAndVerifyClientCert, 200},
		{"not on the list", []tls.Certificate{ca.Issue(named("intern"))}, tls.VerifyClientCertIfGiven, 403},
		{"not presented", nil, tls.VerifyClientCertIfGiven, 401},
		{"not presented but needed", nil, tls.RequireAndVerifyClientCert, 0},
		{"of another CA", []tls.Certificate{other.Issue(named("ops"))}, tls.VerifyClientCertIfGiven, 0},
		{"expired", []tls.Certificate{ca.Issue(expired)}, tls.VerifyClientCertIfGiven, 0},
		// A server that asks and does not verify: nothing of it may count.
		{"of another CA, unverified", []tls.Certificate{other.Issue(named("ops"))}, tls.RequireAnyClientCert, 401},
		{"good, unverified", []tls.Certificate{ca.Issue(named("ops"))}, tls.RequestClientCert, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, ca, tt.need)
			got, err := call(t, s.URL, client(t, ca, tt.cert...))
			status := statusOf(err)
			if err == nil {
				status = 200
			}
			if status != tt.want {
				t.Errorf("%q %v, want %d", got, err, tt.want)
			}
		})
	}
}

func TestForwardedCertificatesAreNotBelieved(t *testing.T) {
	ca := authtest.NewCA(t)
	s := serve(t, ca, tls.VerifyClientCertIfGiven)
	_, err := call(t, s.URL, client(t, ca), set(
		"X-Forwarded-Client-Cert", `By=spiffe://a;Subject="CN=ops"`, "X-SSL-Client-S-DN", "CN=ops", "X-Client-Verify", "SUCCESS"))
	if statusOf(err) != 401 {
		t.Error(err)
	}
}

func TestKeyHeaderOfAnotherName(t *testing.T) {
	extract := authhttp.Extract(authhttp.ExtractConfig{APIKeyHeader: "api-token"})
	for name, want := range map[string]bool{"Api-Token": true, "X-API-Key": false} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(name, key)
		_, err := known()(ok)(extract(t.Context(), r), nil)
		if want != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ok(context.Context, any) (any, error) { return "ok", nil }

func TestValidateNamesTheField(t *testing.T) {
	for want, err := range map[string]error{
		`authhttp: ExtractConfig.APIKeyHeader is "a b"`: authhttp.ExtractConfig{APIKeyHeader: "a b"}.Validate(),
		"authhttp: AttachConfig.Token is nil":           authhttp.AttachConfig{}.Validate(),
		`authhttp: AttachConfig.Header is "é"`:          authhttp.AttachConfig{Token: token("t"), Header: "é"}.Validate(),
		`authhttp: AttachConfig.Scheme is "a\r\nb"`:     authhttp.AttachConfig{Token: token("t"), Scheme: "a\r\nb"}.Validate(),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for name, f := range map[string]func(){
		"Extract": func() { authhttp.Extract(authhttp.ExtractConfig{APIKeyHeader: ":"}) },
		"Attach":  func() { authhttp.Attach(authhttp.AttachConfig{}) },
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); err == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}

// FuzzExtract: whatever is in the headers, only the key lets in.
func FuzzExtract(f *testing.F) {
	for _, seed := range [][2]string{
		{"Bearer " + key, ""}, {"", key}, {"Bearer", "x"}, {"Bearer\t" + key, "\x00"}, {"Bearer  ", " "},
		{"BEARER " + key + " ", ""}, {"Basic " + key, "é"}, {" Bearer " + key, ""}, {"Bearer " + key + "," + key, ""}, {"BeArer " + key, " "},
	} {
		f.Add(seed[0], seed[1])
	}
	extract := authhttp.Extract(authhttp.ExtractConfig{})
	call := known()(ok)
	f.Fuzz(func(t *testing.T, authorization, apiKey string) {
		r := &http.Request{URL: &url.URL{}, Header: http.Header{"Authorization": {authorization}, "X-Api-Key": {apiKey}}}
		_, err := call(extract(t.Context(), r), nil)
		scheme, word, _ := strings.Cut(authorization, " ")
		unread := apiKey == "" || strings.ContainsFunc(apiKey, func(r rune) bool { return r <= ' ' || r > '~' })
		shown := apiKey == key || unread && strings.EqualFold(scheme, "bearer") && strings.TrimLeft(word, " ") == key
		if err == nil && !shown {
			t.Errorf("%q %q is let in", authorization, apiKey)
		}
		if e, isAuth := errors.AsType[*auth.Error](err); err != nil && (!isAuth || e.StatusCode() != 401) {
			t.Errorf("%q %q: %v", authorization, apiKey, err)
		}
	})
}
