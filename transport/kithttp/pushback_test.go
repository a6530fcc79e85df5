package kithttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kittransport "github.com/go-kit/kit/transport"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// busy is an error as a policy has it: it knows when to come again.
type busy struct {
	after time.Duration
	known bool
}

func (busy) Error() string                                { return "busy" }
func (busy) StatusCode() int                              { return 429 }
func (b busy) RetryAfter() (after time.Duration, ok bool) { return b.after, b.known }

// outspoken also has the header.
type outspoken struct{ busy }

func (outspoken) Headers() http.Header { return http.Header{"Retry-After": {"7"}} }

func TestServersPushBack(t *testing.T) {
	for name, tt := range map[string]struct {
		err         error
		exact, http string
	}{
		"silent":            {errors.New("no"), "", ""},
		"does not know":     {busy{}, "", ""},
		"at once":           {busy{0, true}, "0", "0"},
		"rounded up":        {busy{1500 * time.Millisecond, true}, "1500", "2"},
		"wrapped":           {fmt.Errorf("sum: %w", busy{time.Minute, true}), "60000", "60"},
		"never":             {busy{-1, true}, "-1", ""},
		"absurd":            {busy{1 << 62, true}, "86400000", "86400"},
		"by header":         {later{}, "", "7"},
		"by both":           {outspoken{busy{time.Second, true}}, "1000", "7"},
		"never and a wish":  {outspoken{busy{-1, true}}, "-1", "7"},
		"header, not known": {outspoken{busy{}}, "", "7"},
	} {
		h := post(kithttp.NewServer(returning(nil, tt.err), kithttp.DecodeJSON[sumRequest]), "").Header
		if exact, secs := strings.Join(h.Values("Kit-Retry-Pushback-Ms"), "|"), strings.Join(h.Values("Retry-After"), "|"); exact != tt.exact || secs != tt.http {
			t.Errorf("%s: %q, Retry-After %q; want %q, %q", name, exact, secs, tt.exact, tt.http)
		}
	}
	h := post(kithttp.NewServer(func(context.Context, any) (any, error) { panic(busy{time.Second, true}) }, kithttp.DecodeJSON[sumRequest], silent), "").Header
	if h.Get("Kit-Retry-Pushback-Ms") != "" || h.Get("Retry-After") != "" {
		t.Errorf("a panic pushes back: %v", h)
	}
}

// answered is the error of a call that was answered with status and header.
func answered(t *testing.T, status int, h http.Header) error {
	base, _ := direct{}.client()
	_, err := newSum(base, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: h, Body: io.NopCloser(strings.NewReader("no")), Request: r}, nil
	})})(t.Context(), sumRequest{})
	return err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestClientsArePushedBack(t *testing.T) {
	const never = -time.Millisecond
	for name, tt := range map[string]struct {
		status int
		header http.Header
		after  time.Duration
		ok     bool
	}{
		"silent":            {503, http.Header{}, 0, false},
		"exact":             {429, http.Header{"Kit-Retry-Pushback-Ms": {"1500"}, "Retry-After": {"2"}}, 1500 * time.Millisecond, true},
		"never":             {429, http.Header{"Kit-Retry-Pushback-Ms": {"-1"}}, never, true},
		"unreadable":        {429, http.Header{"Kit-Retry-Pushback-Ms": {"soon"}, "Retry-After": {"2"}}, never, true},
		"seconds":           {503, http.Header{"Retry-After": {"120"}}, 2 * time.Minute, true},
		"at once":           {503, http.Header{"Retry-After": {"0"}}, 0, true},
		"any error":         {500, http.Header{"Retry-After": {"1"}}, time.Second, true},
		"a business error":  {409, http.Header{"Retry-After": {"1"}}, time.Second, true},
		"a redirect":        {304, http.Header{"Retry-After": {"1"}}, 0, false},
		"negative":          {503, http.Header{"Retry-After": {"-1"}}, 0, false},
		"very negative":     {503, http.Header{"Retry-After": {"-99999999999999999999"}}, 0, false},
		"garbage":           {503, http.Header{"Retry-After": {"soon"}}, 0, false},
		"NaN":               {503, http.Header{"Retry-After": {"NaN"}}, 0, false},
		"a year":            {503, http.Header{"Retry-After": {"31536000"}}, 24 * time.Hour, true},
		"beyond all bounds": {503, http.Header{"Retry-After": {"99999999999999999999"}}, 24 * time.Hour, true},
		"the server's time": {503, http.Header{"Retry-After": {"Wed, 21 Oct 2015 07:28:30 GMT"}, "Date": {"Wed, 21 Oct 2015 07:28:00 GMT"}}, 30 * time.Second, true},
		"our time":          {503, http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:00:10 GMT"}}, 10 * time.Second, true}, // when bubbles begin
		"a broken Date":     {503, http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:00:10 GMT"}, "Date": {"now"}}, 10 * time.Second, true},
		"an old format":     {503, http.Header{"Retry-After": {"Sat Jan  1 00:00:10 2000"}}, 10 * time.Second, true},
		"the past":          {503, http.Header{"Retry-After": {"Fri, 31 Dec 1999 23:59:59 GMT"}}, 0, false},
		"a far year":        {503, http.Header{"Retry-After": {"Fri, 31 Dec 9999 23:59:59 GMT"}}, 24 * time.Hour, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := answered(t, tt.status, tt.header)
			if after, ok := classify.Pushback(err); after != tt.after || ok != tt.ok {
				t.Errorf("%s: %v %t, want %v %t", name, after, ok, tt.after, tt.ok)
			}
		})
	}
}

// TestPushbackChangesNothingElse of an error.
func TestPushbackChangesNothingElse(t *testing.T) {
	plain := answered(t, 429, http.Header{})
	pushed := answered(t, 429, http.Header{"Retry-After": {"1"}})
	want, got := as[*kithttp.Error](t, plain), as[*kithttp.Error](t, pushed)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-plain +pushed back):\n%s", diff)
	}
	if pushed.Error() != plain.Error() || !errors.Is(pushed, &kithttp.Error{Code: "resource_exhausted"}) || errors.Is(pushed, io.EOF) {
		t.Errorf("%q, %q", plain, pushed)
	}
	if s, ok := pushed.(interface { // as go-kit's own error encoder asks
		StatusCode() int
		ErrorCode() string
	}); !ok || s.StatusCode() != 429 || s.ErrorCode() != "resource_exhausted" {
		t.Errorf("%T has no status of its own", pushed)
	}
	if got, want := classify.Default(t.Context(), nil, pushed), classify.Throttled; got != want {
		t.Errorf("it is %v", got)
	}
}

func as[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("%T is no %T", err, e)
	}
	return e
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range [][3]string{
		{"1500", "2", ""}, {"-1", "", ""}, {"soon", "7", ""}, {"", "-7", ""},
		{"", "Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"},
		{"", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"},
		{"", "9223372036854775807", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, exact, retryAfter, date string) {
		h := http.Header{"Kit-Retry-Pushback-Ms": {exact}, "Retry-After": {retryAfter}, "Date": {date}}
		after, ok := classify.Pushback(answered(t, 503, h))
		switch {
		case after > 24*time.Hour, !ok && after != 0, ok && after < 0 && (exact == "" || after != -time.Millisecond):
			t.Errorf("%q: %v %t", h, after, ok)
		case ok != (exact != "") && exact != "", ok && exact == "" && retryAfter == "":
			t.Errorf("%q: %v %t", h, after, ok)
		}
		told := post(kithttp.NewServer(returning(nil, busy{after, ok}), kithttp.DecodeJSON[sumRequest]), "").Header
		if again, still := classify.Pushback(answered(t, 503, told)); again != after || still != ok {
			t.Errorf("%q: %v %t, passed on %v %t", h, after, ok, again, still)
		}
	})
}

// silent is for servers whose panics are meant.
var silent = httptransport.ServerErrorHandler(kittransport.ErrorHandlerFunc(func(context.Context, error) {}))
