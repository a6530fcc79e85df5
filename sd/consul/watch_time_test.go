package consul

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// wire answers requests without a network, so that time may be simulated.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func (w wire) client(t *testing.T) *api.Client {
	t.Helper()
	c, err := api.NewClient(&api.Config{Address: "consul", HttpClient: &http.Client{Transport: w}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func respond(status int, index, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"X-Consul-Index": {index}, "X-Consul-Lastcontact": {"0"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// watchFor watches what w answers for as long as d, in simulated time.
func watchFor(t *testing.T, w wire, cfg Config, d time.Duration) (told [][]sd.Instance, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var s sink
	err = NewWatcher(w.client(t), "svc", cfg).Watch(ctx, s.update)
	return s.all(), err
}

// Servers, or proxies before them, that never wait are not asked without end.
func TestNoIndexMakesABusyLoop(t *testing.T) {
	for name, index := range map[string]func(n int) string{
		"0":               func(int) string { return "0" },
		"garbage":         func(int) string { return "abc" },
		"none":            func(int) string { return "" },
		"negative":        func(int) string { return "-1" },
		"highest":         func(int) string { return "18446744073709551615" },
		"beyond":          func(int) string { return "18446744073709551616" },
		"always the same": func(int) string { return "7" },
		"going backwards": func(n int) string { return strconv.Itoa(1_000_000 - n) },
		"going forwards":  strconv.Itoa,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				told, err := watchFor(t, func(*http.Request) (*http.Response, error) {
					n++
					return respond(200, index(n), oneEntry)
				}, Config{}, 10*time.Minute)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Watch = %v, want the end of its ctx", err)
				}
				if most := int(10*time.Minute/refill) + burst + 2; n > most {
					t.Errorf("it asked %d times in ten minutes, want %d at most", n, most)
				}
				if len(told) != 1 {
					t.Errorf("it told %d sets, want one", len(told))
				}
			})
		})
	}
}

// Single changes, one after the other, are each told when they happen.
func TestNewsIsNeverDelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, start, last := 0, time.Now(), time.Time{}
		told, _ := watchFor(t, func(r *http.Request) (*http.Response, error) {
			if q := r.URL.Query(); q.Has("consistent") && n > 0 { // the second opinion on an empty answer
				return respond(200, strconv.Itoa(n), "[]")
			}
			if n++; n > 400 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			last = time.Now()
			if n%2 == 0 {
				return respond(200, strconv.Itoa(n), "[]")
			}
			return respond(200, strconv.Itoa(n), strings.Replace(oneEntry, "10.0.0.1", "h"+strconv.Itoa(n), 1))
		}, Config{}, time.Hour)
		if took := last.Sub(start); took != 0 || len(told) != 400 {
			t.Errorf("%d changes took %v, want no time", len(told), took)
		}
	})
}

// An index that nobody ever counted up to would keep the watch waiting.
func TestHighestIndexIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := []string{}
		_, _ = watchFor(t, func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.Query().Get("index"))
			return respond(200, "18446744073709551615", oneEntry)
		}, Config{}, time.Millisecond)
		if len(asked) < 2 || asked[1] != "1" {
			t.Errorf("it asked for %q, want index 1 after such an answer", asked)
		}
	})
}

func TestHungQueryIsAbandoned(t *testing.T) {
	for _, tt := range []struct {
		name          string
		cfg           Config
		plain, waited time.Duration
	}{
		{"by default", Config{}, callTimeout + slack, 55*time.Second + 55*time.Second/16 + slack},
		{"with a wait", Config{Wait: 16 * time.Second}, callTimeout + slack, 17*time.Second + slack},
		{"with a timeout", Config{Timeout: 3 * time.Second}, 3 * time.Second, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, answered := range []int{0, 1} {
				synctest.Test(t, func(t *testing.T) {
					n, start := 0, time.Now()
					_, err := watchFor(t, func(r *http.Request) (*http.Response, error) {
						if n++; n <= answered {
							return respond(200, "7", oneEntry)
						}
						<-r.Context().Done()
						return nil, r.Context().Err()
					}, tt.cfg, time.Hour)
					want := []time.Duration{tt.plain, tt.waited}[answered]
					if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != want {
						t.Errorf("query %d: Watch = %v after %v, want that it hung for %v", answered+1, err, took, want)
					}
				})
			}
		})
	}
}

func TestServiceIsReadAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain, cached := 0, 0
		told, _ := watchFor(t, func(r *http.Request) (*http.Response, error) {
			q := r.URL.Query()
			if q.Has("cached") {
				cached++
			}
			if q.Get("index") == "" {
				plain++
				return respond(200, "7", strings.Replace(oneEntry, "10.0.0.1", "10.0.0."+strconv.Itoa(plain), 1))
			}
			select {
			case <-time.After(55 * time.Second):
			case <-r.Context().Done():
			}
			return respond(200, "7", strings.Replace(oneEntry, "10.0.0.1", "10.0.0."+strconv.Itoa(plain), 1))
		}, Config{UseCache: true}, time.Hour)
		if plain < 60/7 || plain > 60/4+1 {
			t.Errorf("it was read anew %d times in an hour, want every five minutes or so", plain)
		}
		if len(told) != plain {
			t.Errorf("of %d changes that no query had woken for, it told %d", plain, len(told))
		}
		if cached < 50 {
			t.Errorf("the cache was asked %d times", cached)
		}
	})
}

func TestStaleServerWithoutLeaderEmptiesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		told, err := watchFor(t, func(r *http.Request) (*http.Response, error) {
			n++
			switch q := r.URL.Query(); {
			case q.Has("consistent"):
				return respond(500, "", "No cluster leader")
			case q.Has("stale") && n > 1:
				return respond(200, "9", "[]")
			}
			return respond(200, "7", oneEntry)
		}, Config{AllowStale: true}, time.Hour)
		if err == nil || !strings.Contains(err.Error(), "No cluster leader") {
			t.Errorf("Watch = %v, want that there is no leader", err)
		}
		if len(told) != 1 || len(told[0]) != 1 {
			t.Errorf("told %v, want the one instance and nothing after it", told)
		}
	})
}

func TestEmptyAnswerWithoutIndexIsNotConsuls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, err := watchFor(t, func(*http.Request) (*http.Response, error) { return respond(200, "abc", "[]") }, Config{}, time.Hour)
		if err == nil || !strings.Contains(err.Error(), "X-Consul-Index") || len(told) > 0 {
			t.Errorf("Watch = %v and told %v, want that the index is missing", err, told)
		}
	})
}
