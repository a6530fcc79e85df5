package call

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// headers are what a call carries beside its request, in the order given.
type headers [][2]string

// readHeaders reads them as -H has them.
func readHeaders(lines []string) (headers, error) {
	var all headers
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok:
			return nil, unfit(line, "write it as 'name: value'")
		case name == "" || strings.ContainsFunc(name, notInName):
			return nil, unfit(line, "a name is made of letters, digits, '-', '_' and '.'")
		case strings.HasPrefix(name, "grpc-"):
			return nil, unfit(line, "names that begin with grpc- are gRPC's own")
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			return nil, unfit(line, "a value is printable ASCII; over gRPC one in base64, of a name that ends in -bin, is sent as bytes")
		}
		all = append(all, [2]string{name, value})
	}
	return all, nil
}

func unfit(line, mend string) error {
	return console.UsageError{Err: fmt.Errorf("-H %q: %s", line, mend)}
}

func notInName(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r))
}

// onGRPC returns a context that has them as metadata.
func (h headers) onGRPC(ctx context.Context) (context.Context, error) {
	md := metadata.MD{}
	for _, kv := range h {
		name, value := kv[0], kv[1]
		if strings.HasSuffix(name, "-bin") {
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, unfit(name+": "+value, "the value of a name that ends in -bin is base64 over gRPC")
			}
			value = string(raw)
		}
		md.Append(name, value)
	}
	return metadata.NewOutgoingContext(ctx, md), nil
}

// onHTTP puts them into a request, in place of what the client would say by itself.
func (h headers) onHTTP(ctx context.Context, r *http.Request) context.Context {
	for _, kv := range h {
		r.Header.Del(kv[0])
	}
	for _, kv := range h {
		if kv[0] == "host" {
			r.Host = kv[1]
			continue
		}
		r.Header.Add(kv[0], kv[1])
	}
	return ctx
}
