package call

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// callee is a method to call over one wire, by the contract that it is known by:
// an interface that is here, or what a server says of itself.
type callee interface {
	about() about
	// example is a request as JSON, with values made up.
	example() (json.RawMessage, error)
	// request is what goes ahead of a stream, and else all that is sent.
	request(words []string, data input) (any, error)
	// item is one element of a stream.
	item(line input) (any, error)
	// job makes a call of it, to be carried out at an instance. It answers a
	// json.RawMessage, or a *transport.Stream of them.
	job(request any, items items) any
}

// onGRPC is a job over gRPC, the request of the endpoints that dial makes.
type onGRPC func(context.Context, *grpc.ClientConn) (any, error)

// onHTTP is a job over HTTP, likewise.
type onHTTP func(context.Context, *http.Client, *url.URL) (any, error)

// items are the elements of a stream, once, until ctx ends; nil if there are none.
type items func(ctx context.Context) iter.Seq2[any, error]

// about is what there is to know of a method before it is called.
type about struct {
	Service   string   `json:"service"`
	Method    string   `json:"method"`
	Arguments []string `json:"arguments,omitempty"` // name=TYPE
	StreamIn  bool     `json:"takes_stream,omitempty"`
	StreamOut bool     `json:"answers_stream,omitempty"`

	again   bool          // it may be repeated
	limit   time.Duration // of an attempt; as the client has it if zero, none if negative
	needs   bool          // there is nothing to be had without a request
	element string        // the last argument is that of each element of a stream: name=TYPE
}

func (a about) streams() bool { return a.StreamIn || a.StreamOut }

// usage is what a method takes.
func (a about) usage() string {
	words := strings.Join(append([]string{a.Method}, a.Arguments...), " ")
	switch {
	case a.StreamIn:
		return "write " + words + ", and a JSON object with " + a.element + " on each line of stdin or @FILE"
	case len(a.Arguments) == 0:
		return a.Method + " takes nothing"
	}
	return "write " + words
}

// policy is what surrounds the calls of a method, as a generated client has it,
// but for streams that somebody types, which take as long as they take, and calls
// that have a time of their own.
func (a about) policy(within time.Duration) middleware.MethodConfig {
	p := middleware.MethodConfig{
		Once:  !a.again,
		Retry: retry.Config{Idempotent: a.again, AttemptTimeout: a.limit, Streams: a.StreamOut},
	}
	if a.streams() || a.limit < 0 || within > 0 {
		p.Timeout = timeout.Config{Timeout: -1}
	}
	if a.StreamIn || within > 0 {
		p.Retry.AttemptTimeout = -1
	}
	return p
}
