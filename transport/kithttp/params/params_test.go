package params_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp/params"
)

type (
	id    string
	level uint8
	ratio float32
)

type everything struct {
	ID    id
	Yes   bool
	Small int8
	Level level
	Big   uint64
	Real  ratio
	At    time.Time
	Wait  time.Duration
	Addr  netip.Addr
	Maybe *int
	Tags  []string
}

func readAll(r *http.Request) (everything, error) {
	in := params.Of(r)
	v := everything{
		ID:    params.Path(in, "id", params.String[id]),
		Yes:   params.Query(in, "yes", params.Bool[bool]),
		Small: params.Query(in, "small", params.Int[int8]),
		Level: params.Query(in, "level", params.Int[level]),
		Big:   params.Query(in, "big", params.Int[uint64]),
		Real:  params.Query(in, "real", params.Float[ratio]),
		At:    params.Query(in, "at", params.Time),
		Wait:  params.Query(in, "wait", params.Duration),
		Addr:  params.Query(in, "addr", params.Text[netip.Addr]),
		Maybe: params.Optional(in, "maybe", params.Int[int]),
		Tags:  params.List(in, "tag", params.String[string]),
	}
	return v, in.Err()
}

func request(query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/users/7?"+query, nil)
	r.SetPathValue("id", "a/b c")
	return r
}

func TestParams(t *testing.T) {
	t.Parallel()
	got, err := readAll(request("yes=1&small=-128&level=255&big=18446744073709551615&real=1e3&at=2026-01-02T03:04:05.000000006%2B07:00" +
		"&wait=-1h1ns&addr=::1&maybe=0&tag=b&tag=&tag=a%26b"))
	if err != nil {
		t.Fatal(err)
	}
	want := everything{
		ID: "a/b c", Yes: true, Small: -128, Level: 255, Big: math.MaxUint64, Real: 1000,
		At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 7*3600)), Wait: -time.Hour - 1,
		Addr: netip.IPv6Loopback(), Maybe: new(int), Tags: []string{"b", "", "a&b"},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got, err = readAll(request(""))
	if diff := cmp.Diff(everything{ID: "a/b c"}, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("nothing given: %v (-want +got)\n%s", err, diff)
	}
}

func TestBadParams(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"yes=maybe":                `query parameter "yes": want true or false, got "maybe"`,
		"small=128":                `query parameter "small": want a whole number from -128 to 127, got "128"`,
		"small=1.5":                `query parameter "small": want a whole number from -128 to 127, got "1.5"`,
		"small=":                   `query parameter "small": want a whole number from -128 to 127, got ""`,
		"level=-1":                 `query parameter "level": want a whole number from 0 to 255, got "-1"`,
		"big=18446744073709551616": `query parameter "big": want a whole number from 0 to 18446744073709551615, got "18446744073709551616"`,
		"real=NaN":                 `query parameter "real": want a number, got "NaN"`,
		"real=1e39":                `query parameter "real": want a number, got "1e39"`,
		"at=yesterday":             `query parameter "at": want a time as in 2006-01-02T15:04:05Z, got "yesterday"`,
		"wait=5":                   `query parameter "wait": want a duration as in 1.5s, got "5"`,
		"addr=nowhere":             `query parameter "addr": ParseAddr("nowhere"): unable to parse IP`,
		"maybe=1&maybe=2":          `query parameter "maybe": it is there 2 times, and can be there once`,
		"tags=a":                   `query parameter "tags": there is none of that name here`,
		"b=1&a=1":                  `query parameter "a": there is none of that name here`,
		"tag=%zz":                  `query: invalid URL escape "%zz"`,
		"tag=a;b":                  `query: invalid semicolon separator in query`,
	} {
		_, err := readAll(request(query))
		e := transport.ErrorOf(err)
		if e == nil || e.Status != http.StatusBadRequest || e.Code != "invalid_argument" || e.Message != want {
			t.Errorf("%s:\n got %+v\nwant %s", query, e, want)
		}
	}
	r := request("")
	if params.Path(params.Of(r), "other", params.Int[int]) != 0 {
		t.Error("a variable that is not in the path has a value")
	}
}

// The numbers that are written and read are the same.
func FuzzNumbers(f *testing.F) {
	f.Add(int64(math.MinInt64), uint64(math.MaxUint64), math.SmallestNonzeroFloat64)
	f.Fuzz(func(t *testing.T, i int64, u uint64, x float64) {
		if got, err := params.Int[int64](strconv.FormatInt(i, 10)); err != nil || got != i {
			t.Errorf("%d is %d, %v", i, got, err)
		}
		if got, err := params.Int[uint64](strconv.FormatUint(u, 10)); err != nil || got != u {
			t.Errorf("%d is %d, %v", u, got, err)
		}
		got, err := params.Float[float64](strconv.FormatFloat(x, 'g', -1, 64))
		if finite := x-x == 0; finite != (err == nil) || finite && got != x {
			t.Errorf("%v is %v, %v", x, got, err)
		}
	})
}

func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}/posts", func(w http.ResponseWriter, r *http.Request) {
		in := params.Of(r)
		id := params.Path(in, "id", params.Int[int])
		limit := params.Query(in, "limit", params.Int[uint8])
		if err := in.Err(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%d posts of %d", limit, id)
	})
	for _, path := range []string{"/users/7/posts?limit=10", "/users/7/posts?limit=1000", "/users/7/posts?limt=10"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 10 posts of 7
	// query parameter "limit": want a whole number from 0 to 255, got "1000"
	// query parameter "limt": there is none of that name here
}
