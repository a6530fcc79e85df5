package kithttp_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// summing is a request with a head and a sequence.
type summing struct {
	Start  int               `json:"start"`
	Values iter.Seq[float64] `json:"-"`
}

type summand struct {
	Value float64 `json:"value"`
}

func decodeSum(in *kithttp.Lines) (summing, error) {
	var req summing
	if err := in.Head(&req); err != nil {
		return req, err
	}
	req.Values = kithttp.Values(in, func(s summand) float64 { return s.Value })
	return req, nil
}

func sumLines(req summing) iter.Seq[any] {
	return func(yield func(any) bool) {
		if !yield(req) {
			return
		}
		for v := range req.Values {
			if !yield(summand{v}) {
				return
			}
		}
	}
}

func newUpload(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewUploadEndpoint[sumResponse](c, "POST", base, "/", sumLines)
}

func add(ctx context.Context, request any) (any, error) {
	req := request.(summing)
	for v := range req.Values {
		req.Start += int(v)
	}
	return sumResponse{req.Start}, ctx.Err()
}

func TestUploads(t *testing.T) {
	addr, _ := serveWhole(t, kithttp.NewUploadServer(add, decodeSum))
	call, pool := whole(t, addr, newUpload)
	response, err := call(t.Context(), summing{1, slices.Values([]float64{2, 3})})
	if response != (sumResponse{6}) || err != nil {
		t.Errorf("%v, %v", response, err)
	}
	if busy := pool.Nodes()[0].InFlight; busy != 0 {
		t.Errorf("%d in flight", busy)
	}
	if _, err := call(t.Context(), 1); err == nil {
		t.Error("it takes an int")
	}
}

// TestUploadsGoOn: the server has each line when it is sent.
func TestUploadsGoOn(t *testing.T) {
	got := make(chan float64)
	addr, _ := serveWhole(t, kithttp.NewUploadServer(func(_ context.Context, request any) (any, error) {
		for v := range request.(summing).Values {
			got <- v
		}
		return sumResponse{}, nil
	}, decodeSum))
	call, _ := whole(t, addr, newUpload)
	_, err := call(t.Context(), summing{0, func(yield func(float64) bool) {
		for v := range 3 {
			if !yield(float64(v)) || <-got != float64(v) {
				t.Errorf("%d did not come", v)
			}
		}
	}})
	if err != nil {
		t.Error(err)
	}
}

// TestUploadsThatBreak are never taken for whole.
func TestUploadsThatBreak(t *testing.T) {
	seen := make(chan error, 1)
	addr, _ := serveWhole(t, kithttp.NewUploadServer(func(ctx context.Context, request any) (any, error) {
		response, _ := add(ctx, request)
		seen <- context.Cause(ctx)
		return response, nil
	}, decodeSum))
	post := func(body io.Reader) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+addr, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client(t).Do(r)
		if err != nil {
			return nil
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	if resp := post(strings.NewReader("{\"start\":1}\n{\"value\":2}\n{\"value\":")); resp == nil || resp.StatusCode != 400 || <-seen == nil {
		t.Errorf("a line that is none: %v", resp)
	}
	if resp := post(http.NoBody); resp == nil || resp.StatusCode != 400 {
		t.Errorf("no head: %v", resp)
	}
	broken := errors.New("broken")
	if resp := post(io.MultiReader(strings.NewReader("{\"start\":1}\n"), brokenReader{broken})); resp != nil || <-seen == nil {
		t.Errorf("one that is left: %v", resp)
	}

	call, _ := whole(t, addr, newUpload)
	_, err := call(t.Context(), summing{1, slices.Values([]float64{1, math.NaN()})})
	if err == nil || !strings.Contains(err.Error(), "NaN") || <-seen == nil {
		t.Errorf("one that is no JSON: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil || <-seen == nil {
				t.Error("a panic was lost")
			}
		}()
		_, _ = call(t.Context(), summing{1, func(yield func(float64) bool) { yield(1); panic("boom") }})
	}()
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

// TestUploadsOfArrays refuse those of another length, where they are to be exact.
func TestUploadsOfArrays(t *testing.T) {
	type pair struct {
		Pair [2]int `json:"pair"`
	}
	for _, exact := range []bool{false, true} {
		h := kithttp.NewUploadServer(func(_ context.Context, request any) (any, error) {
			for range request.(iter.Seq[[2]int]) {
			}
			return sumResponse{}, nil
		}, func(in *kithttp.Lines) (iter.Seq[[2]int], error) {
			if exact {
				in.Exact()
			}
			return kithttp.Values(in, func(p pair) [2]int { return p.Pair }), nil
		})
		if resp := post(h, "{\"pair\":[1,2]}\n{\"pair\":[1,2,3]}\n"); (resp.StatusCode == 400) != exact {
			t.Errorf("exact %v: %d", exact, resp.StatusCode)
		}
	}
}

// TestUploadsAreLeft when the server has answered, and are not made again.
func TestUploadsAreLeft(t *testing.T) {
	calls := 0
	addr, _ := serveWhole(t, kithttp.NewUploadServer(func(context.Context, any) (any, error) {
		calls++
		return nil, &transport.Error{Code: "unavailable"}
	}, decodeSum))
	call, _ := whole(t, addr, newUpload)
	ended := false
	_, err := call(t.Context(), summing{0, func(yield func(float64) bool) {
		for yield(1) {
		}
		ended = true
	}})
	if !errors.Is(err, &transport.Error{Code: "unavailable"}) || !ended || calls != 1 {
		t.Errorf("%v, ended: %v, %d calls", err, ended, calls)
	}
}

// TestUploadsEndWhenTheServerStops, though their client has more to say.
func TestUploadsEndWhenTheServerStops(t *testing.T) {
	entered, seen := make(chan struct{}), make(chan error, 1)
	addr, p := serveWhole(t, kithttp.NewUploadServer(func(ctx context.Context, request any) (any, error) {
		for range request.(summing).Values {
			close(entered)
		}
		seen <- context.Cause(ctx)
		return sumResponse{}, nil
	}, decodeSum))
	call, _ := whole(t, addr, newUpload)
	_, err := call(t.Context(), summing{0, func(yield func(float64) bool) {
		yield(1)
		<-entered
		p.stop()
		if cause := <-seen; !errors.Is(cause, transport.ErrStopping) {
			t.Errorf("the service saw %v", cause)
		}
	}})
	if !errors.Is(err, &transport.Error{Code: "unavailable"}) {
		t.Errorf("%v", err)
	}
}

// TestUploadsToNobody: nothing is taken from the sequence.
func TestUploadsToNobody(t *testing.T) {
	l := listen(t)
	_ = l.Close()
	asked := false
	_, err := newUpload(&url.URL{Scheme: "http", Host: l.Addr().String()}, client(t))(t.Context(), summing{0, func(func(float64) bool) { asked = true }})
	if e, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err); !ok || !e.NotSent() || asked {
		t.Errorf("%v, asked: %v", err, asked)
	}
}
