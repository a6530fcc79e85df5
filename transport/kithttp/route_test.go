package kithttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

type noteRequest struct {
	Owner, Note, Text string
	Tags              []string
}

type noteResponse struct {
	Owner, Note, Body string
	Tags              []string
}

func noteParts(req noteRequest) (kithttp.Parts, error) {
	if req.Text == "unwritable" {
		return kithttp.Parts{}, errors.New("no text")
	}
	return kithttp.Parts{
		Path:  []string{req.Owner, req.Note},
		Query: url.Values{"tag": req.Tags},
		Body:  map[string]string{"text": req.Text},
	}, nil
}

func notes() *http.ServeMux {
	mux := http.NewServeMux()
	decode := func(_ context.Context, r *http.Request) (any, error) {
		body, err := kithttp.ReadJSON[struct{ Text string }](r)
		return noteResponse{r.PathValue("owner"), r.PathValue("note"), body.Text, r.URL.Query()["tag"]}, err
	}
	echo := func(_ context.Context, request any) (any, error) { return request, nil }
	mux.Handle("PUT /api/{owner}/notes/{note}", kithttp.NewServer(echo, decode))
	mux.Handle("GET /api/{owner}/notes/{note}", kithttp.NewServer(echo, decode))
	mux.Handle("/", kithttp.NoRoute(mux))
	return mux
}

// TestRouteEndpoint has values in a path that would be something else there.
func TestRouteEndpoint(t *testing.T) {
	t.Parallel()
	base := start(t, notes(), kithttp.Config{})
	base.Path = "/api/" // an instance may be a URL
	e := kithttp.NewRouteEndpoint[noteResponse](client(t), "PUT", base, "/{owner}/notes/{note}", noteParts)
	for _, value := range []string{
		"a", "a/b", "//", "a b", "a+b", "%2F", "%", "?x=1#y", "{owner}", "...", ".a", "Größe", "名", ":@!$&'()*+,;=", "\"\\\n\x00\xff", " ",
	} {
		got, err := e(t.Context(), noteRequest{value, value, value + "!", []string{value, "", value}})
		want := noteResponse{value, value, strings.ToValidUTF8(value+"!", "\uFFFD"), []string{value, "", value}}
		want.Owner, want.Note = strings.ToValidUTF8(value, "\uFFFD"), strings.ToValidUTF8(value, "\uFFFD") // the response is JSON
		want.Tags[0], want.Tags[2] = want.Owner, want.Owner
		if diff := cmp.Diff(any(want), got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got)\n%s", value, err, diff)
		}
	}
}

func TestRouteEndpointRefuses(t *testing.T) {
	t.Parallel()
	none := &http.Client{Transport: roundTrips(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, errors.New("not sent")
	})}
	base := &url.URL{Scheme: "http", Host: "nowhere.invalid"}
	e := kithttp.NewRouteEndpoint[noteResponse](none, "PUT", base, "/{owner}/notes/{note}", noteParts)
	for want, req := range map[string]any{
		`PUT /{owner}/notes/{note}: owner is "": a part of a path cannot be empty`:                               noteRequest{Note: "1"},
		`PUT /{owner}/notes/{note}: note is "..": in a path that is a step, which servers and proxies take`:      noteRequest{Owner: "a", Note: ".."},
		`PUT /{owner}/notes/{note}: note is ".": in a path that is a step, which servers and proxies take`:       noteRequest{Owner: "a", Note: "."},
		`PUT /{owner}/notes/{note}: note is "/": http.ServeMux takes that for the end of the path, even escaped`: noteRequest{Owner: "a", Note: "/"},
		`PUT /{owner}/notes/{note}: encode request: no text`:                                                     noteRequest{Text: "unwritable"},
		`PUT /{owner}/notes/{note}: the request is a kithttp_test.sumRequest, want a kithttp_test.noteRequest`:   sumRequest{},
		`PUT /{owner}/notes/{note}/{more}: 2 values for the variables of the path`:                               noteRequest{Owner: "a", Note: "b"},
	} {
		call := e
		if strings.Contains(want, "{more}") {
			call = kithttp.NewRouteEndpoint[noteResponse](none, "PUT", base, "/{owner}/notes/{note}/{more}", noteParts)
		}
		_, err := call(t.Context(), req)
		if err == nil || err.Error() != want {
			t.Errorf("%+v:\n got %v\nwant %s", req, err, want)
		}
		if inPath := strings.Contains(want, " is \""); inPath && transport.ErrorOf(err).Status != http.StatusBadRequest {
			t.Errorf("%v is no bad request", err)
		}
	}
}

type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoRoute(t *testing.T) {
	t.Parallel()
	base := start(t, notes(), kithttp.Config{})
	for _, tt := range []struct {
		method, path   string
		status         int
		allow, message string
	}{
		{"GET", "/api/a", 404, "", "there is nothing at /api/a"},
		{"GET", "/", 404, "", "there is nothing at /"},
		{"POST", "/api/a/notes/b", 405, "GET, HEAD, PUT", "/api/a/notes/b takes GET, HEAD, PUT, and not POST"},
		{"OPTIONS", "/api/a/notes/b", 405, "GET, HEAD, PUT", "/api/a/notes/b takes GET, HEAD, PUT, and not OPTIONS"},
	} {
		_, err := kithttp.NewEndpoint[noteResponse](client(t), tt.method, base, tt.path)(t.Context(), nil)
		e := transport.ErrorOf(err)
		if e == nil || e.Status != tt.status || e.Code != "unimplemented" || e.Message != tt.message {
			t.Errorf("%s %s: %+v", tt.method, tt.path, e)
		}
		r, err := http.NewRequestWithContext(t.Context(), tt.method, base.JoinPath(tt.path).String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("Allow"); got != tt.allow {
			t.Errorf("%s %s: Allow: %s, want %s", tt.method, tt.path, got, tt.allow)
		}
	}
}
