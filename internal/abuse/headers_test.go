package abuse

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// TestHeaderBombs sends headers that are too large: one, and many.
func TestHeaderBombs(t *testing.T) {
	t.Parallel()
	s := start(t, newTrust(t), "addsvc", options{})
	calling(t, s)
	const row = "headers or metadata of 1 MiB"
	big, many := http.Header{"X": {strings.Repeat("x", 1<<20)}}, http.Header{}
	md := metadata.MD{}
	for i := range 16 << 10 {
		name := "x" + strings.Repeat("y", i%50) + "-" + string(rune('a'+i%26))
		many.Add(name, strings.Repeat("z", 64))
		md.Append(name, strings.Repeat("z", 64))
	}
	for _, http2 := range []bool{false, true} {
		for name, header := range map[string]http.Header{"one": big, "many": many} {
			ctx, cancel := context.WithTimeout(t.Context(), hung)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.http+"/echo", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = header
			resp, err := s.caller(t, http2).RoundTrip(req)
			if err != nil { // where the connection ends under what is being sent, or the client knows the limit
				t.Logf("HTTP/2 %t, %s: %v", http2, name, err)
				continue
			}
			resp.Body.Close()
			t.Logf("%s, %s: %s", resp.Proto, name, resp.Status)
			if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%s: %s", name, resp.Status)
			}
		}
	}
	certs := s.trust.client(t, s.trust.issue(t, "caller", time.Hour))
	for name, md := range map[string]metadata.MD{"one": {"x": {strings.Repeat("x", 1<<20)}}, "many": md} {
		cc, err := grpc.NewClient("passthrough:///"+s.grpc, grpc.WithTransportCredentials(credentials.NewTLS(certs.TLS())), grpc.WithNoProxy())
		if err != nil {
			t.Fatal(err)
		}
		defer cc.Close()
		ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), md), hung)
		defer cancel()
		err = cc.Invoke(ctx, say, wrapperspb.String("tea"), new(wrapperspb.StringValue))
		t.Logf("gRPC, %s: %s: %.200s", name, status.Code(err), status.Convert(err).Message())
		if err == nil {
			t.Errorf("gRPC, %s: it was taken", name)
		}
	}
	documented(t, row, "431", "")
}
