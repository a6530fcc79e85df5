package kithttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport/kithttp"
)

var _ lb.Stream = (*kithttp.Stream)(nil)

// TestStreamsEndOnce: every policy that a call passed is told, whatever ends it.
func TestStreamsEndOnce(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		_ = http.NewResponseController(w).Flush()
		switch r.URL.Path {
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/goes-on":
			<-r.Context().Done()
		}
	})
	for name, tt := range map[string]struct {
		path string
		end  func(s *kithttp.Stream, cancel func()) error
		want error // of reading on
		told error // what those are told who asked for the end
	}{
		"read":      {"/ends", func(s *kithttp.Stream, _ func()) error { _, err := io.ReadAll(s); return err }, io.EOF, nil},
		"cut":       {"/cut", func(s *kithttp.Stream, _ func()) error { _, err := io.ReadAll(s); return err }, io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		"closed":    {"/goes-on", func(s *kithttp.Stream, _ func()) error { return errors.Join(s.Close(), s.Close()) }, http.ErrBodyReadAfterClose, nil},
		"cancelled": {"/goes-on", func(_ *kithttp.Stream, cancel func()) error { cancel(); return context.Canceled }, context.Canceled, context.Canceled},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		response, err := kithttp.NewStreamEndpoint(client(t), "GET", base, tt.path)(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := response.(*kithttp.Stream)
		ends := make(chan int, 9)
		end := func(n int) func(error) {
			return func(err error) {
				if !errors.Is(err, tt.told) {
					t.Errorf("%s: told of %v", name, err)
				}
				ends <- n
			}
		}
		s.OnEnd(end(1))
		s.OnEnd(end(2))
		if err := tt.end(s, cancel); err != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if a, b := <-ends, <-ends; a+b != 3 {
			t.Errorf("%s: told %d and %d", name, a, b)
		}
		s.OnEnd(end(3))
		if late := <-ends; late != 3 {
			t.Errorf("%s: told %d afterwards", name, late)
		}
		if _, err := s.Read(make([]byte, 9)); name != "cancelled" && !errors.Is(err, tt.want) {
			t.Errorf("%s: reads on with %v", name, err)
		}
		_ = s.Close()
		if len(ends) != 0 {
			t.Errorf("%s: told more than once", name)
		}
		cancel()
	}
}

// lastWord is a body whose Close returns when whoever was reading has an error.
type lastWord struct {
	entered, closed chan struct{}
	read            chan error
	again           atomic.Bool
}

func (b *lastWord) Read([]byte) (int, error) {
	close(b.entered)
	<-b.closed
	return 0, io.ErrClosedPipe
}

func (b *lastWord) Close() error {
	if !b.again.Swap(true) {
		close(b.closed)
		b.read <- <-b.read
	}
	return nil
}

// TestClosingIsNoBreak: whoever reads meanwhile is not told to call again.
func TestClosingIsNoBreak(t *testing.T) {
	b := &lastWord{entered: make(chan struct{}), closed: make(chan struct{}), read: make(chan error, 1)}
	c := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: b}, nil
	})}
	response, err := kithttp.NewStreamEndpoint(c, "GET", &url.URL{Scheme: "http", Host: "a"}, "/")(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := response.(*kithttp.Stream)
	go func() {
		_, err := s.Read(make([]byte, 1))
		b.read <- err
	}()
	<-b.entered
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-b.read; !errors.Is(err, http.ErrBodyReadAfterClose) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %v", err)
	}
}

// TestACutStreamSaysWhatItIs, even if the instance has not said that it leaves: then
// it is for the client to know when to come again.
func TestACutStreamSaysWhatItIs(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	response, err := kithttp.NewStreamEndpoint(client(t), "GET", base, "/")(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(response.(*kithttp.Stream))
	status, ok := errors.AsType[interface {
		error
		StatusCode() int
		ErrorCode() string
	}](err)
	if !ok || status.StatusCode() != 503 || status.ErrorCode() != "unavailable" || saysComeAgain(err) || !strings.HasPrefix(err.Error(), "the stream broke off: ") {
		t.Errorf("%v", err)
	}
}

func TestStreamsThatAreNot(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/empty" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Error(w, "no", http.StatusNotFound)
	})
	if _, err := kithttp.NewStreamEndpoint(client(t), "GET", base, "/")(t.Context(), nil); !errors.Is(err, &kithttp.Error{Status: 404}) {
		t.Errorf("a failure: %v", err)
	}
	response, err := kithttp.NewStreamEndpoint(client(t), "GET", base, "/empty")(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(response.(*kithttp.Stream)); len(text) != 0 || err != nil {
		t.Errorf("nothing: %q, %v", text, err)
	}
}

// TestStreamsAreNotLimited: nothing of them is kept.
func TestStreamsAreNotLimited(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5<<20)) })
	call, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewStreamEndpoint(c, "GET", base, "/")
	}, kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	response, err := call(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, response.(*kithttp.Stream)); n != 5<<20 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestStreamsOutliveTheirAttempt: its timeout is none of the server's business.
func TestStreamsOutliveTheirAttempt(t *testing.T) {
	said := make(chan string, 9)
	base := stub(t, func(_ http.ResponseWriter, r *http.Request) { said <- r.Header.Get("Kit-Timeout-Ms") })
	open := kithttp.NewStreamEndpoint(client(t), "GET", base, "/")
	att := attempt.StartWith(t.Context(), attempt.Options{Timeout: 1e9, Streams: true})
	defer att.End()
	ctx, cancel := context.WithTimeout(t.Context(), 1e12)
	defer cancel()
	for _, c := range []context.Context{att, ctx} {
		response, err := open(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.(*kithttp.Stream).Close()
	}
	if first, second := <-said, <-said; first != "" || second == "" {
		t.Errorf("said %q and %q", first, second)
	}
}

// TestRedirectsAreNotFollowed: they lead to where nobody has chosen to go.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	call, closer, err := kithttp.Factory(newSum, kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if _, err := call(t.Context(), sumRequest{}); err == nil || !strings.Contains(err.Error(), `the redirect to "`+elsewhere.URL+`" is not followed`) {
		t.Errorf("%v", err)
	}
}

// TestInstancesSayThatTheyLeave, in any response, and the pool is told.
func TestInstancesSayThatTheyLeave(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/leaving" {
			w.Header().Set("Kit-Draining", "true")
		}
		_, _ = io.WriteString(w, "{}")
	})
	get := func(c *http.Client, path string) {
		t.Helper()
		if _, err := kithttp.NewEndpoint[sumResponse](c, "GET", base, path)(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	var c *http.Client
	_, closer, err := kithttp.Factory(func(base *url.URL, own *http.Client) endpoint.Endpoint { c = own; return newSum(base, own) }, kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	told := 0
	closer.(interface{ OnDrain(f func()) }).OnDrain(func() { told++ })
	get(c, "/")
	if told != 0 {
		t.Error("told although it stays")
	}
	get(c, "/leaving")
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
