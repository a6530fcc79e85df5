package abuse

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const gib = 1 << 30

// zeros is a body without end, which counts what is taken of it.
type zeros struct{ taken atomic.Int64 }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.taken.Add(int64(len(p)))
	return len(p), nil
}

// caller is an http.RoundTripper with the certificate of one who may call.
func (s *service) caller(t *testing.T, http2 bool) *http.Transport {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: s.trust.client(t, s.trust.issue(t, "caller", time.Hour)).TLS(), ForceAttemptHTTP2: http2}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// answer is a response that was read.
type answer struct {
	proto, status   string
	code            int
	header, trailer http.Header
	body            string
}

func post(t *testing.T, tr *http.Transport, url, kind string, body io.Reader, length int64) (answer, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hung)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = length
	req.Header.Set("Content-Type", kind)
	req.Header.Set("TE", "trailers")
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return answer{resp.Proto, resp.Status, resp.StatusCode, resp.Header, resp.Trailer, string(all)}, err
}

// TestOneGiB sends a body that is far too large, with and without saying so, and
// a message of gRPC that says so.
func TestOneGiB(t *testing.T) {
	t.Parallel()
	s := start(t, newTrust(t), "addsvc", options{})
	calling(t, s)
	const row = "a body or a message of 1 GiB"
	for _, http2 := range []bool{false, true} {
		for name, length := range map[string]int64{"announced": gib, "not announced": -1} {
			z := new(zeros)
			got, err := post(t, s.caller(t, http2), "https://"+s.http+"/echo", "application/json", io.LimitReader(z, gib), length)
			taken := z.taken.Load()
			if taken > 64<<20 {
				t.Errorf("HTTP, %s: %d MiB were taken", name, taken>>20)
			}
			if err != nil { // the answer may be lost where the connection ends under what is being sent
				t.Logf("HTTP, %s, HTTP/2 %t: %v, after %d KiB", name, http2, err, taken>>10)
				continue
			}
			t.Logf("HTTP, %s, %s: %s %s, after %d KiB", name, got.proto, got.status, got.body, taken>>10)
			if got.code != http.StatusRequestEntityTooLarge {
				t.Errorf("HTTP, %s: %s", name, got.status)
			}
		}
	}
	z := new(zeros)
	prefix := strings.NewReader("\x00" + string(binary.BigEndian.AppendUint32(nil, gib)))
	got, err := post(t, s.caller(t, true), "https://"+s.grpc+say, "application/grpc", io.LimitReader(io.MultiReader(prefix, z), gib), -1)
	if err != nil {
		t.Fatal(err)
	}
	trailer := got.trailer
	if got.header.Get("Grpc-Status") != "" {
		trailer = got.header
	}
	t.Logf("gRPC: status %s, %s, after %d KiB", trailer.Get("Grpc-Status"), trailer.Get("Grpc-Message"), z.taken.Load()>>10)
	if trailer.Get("Grpc-Status") != "8" || z.taken.Load() > 64<<20 {
		t.Errorf("gRPC: %v after %d bytes", trailer, z.taken.Load())
	}
	documented(t, row, "413", "ResourceExhausted")
}

// slow is what is too long for a server under test: more than those that behave
// need, however busy the machine is.
const slow = 3 * time.Second

// TestLoris has clients that say a byte now and then.
func TestLoris(t *testing.T) {
	t.Parallel()
	s := start(t, newTrust(t), "addsvc", options{ReadHeader: slow, Read: slow})
	calling(t, s)
	cfg := s.trust.client(t, s.trust.issue(t, "caller", time.Hour)).TLS()
	for _, tt := range []struct{ row, begin, drop, want string }{
		{"a header that trickles", "POST /echo HTTP/1.1\r\nHost: a\r\nX: ", "x", "closed"},
		{"a body that trickles", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", " ", "408"},
	} {
		c := dial(t, s.http, cfg)
		defer c.Close()
		if _, err := io.WriteString(c, tt.begin); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		ended := make(chan struct{})
		go func() { // ends with the connection, or when told to
			defer close(ended)
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-over:
					return
				case <-tick.C:
					if _, err := io.WriteString(c, tt.drop); err != nil {
						return
					}
				}
			}
		}()
		all, err := io.ReadAll(c)
		close(over)
		<-ended
		if timeout, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](err); ok && timeout.Timeout() {
			t.Errorf("%s: it was let go on", tt.row)
		}
		first, _, _ := strings.Cut(string(all), "\r\n")
		t.Logf("%s: %q %v", tt.row, first, err)
		if tt.want == "408" && !strings.Contains(first, "408") {
			t.Errorf("%s: %q", tt.row, all)
		}
		documented(t, tt.row, tt.want, "")
	}
}
