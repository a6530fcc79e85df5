package transport

import (
	"net/http"
	"time"

	"github.com/kitgen/kitgen/transport/internal/kind"
)

// ErrStopping is why a stream ended that would have gone on: its server stops. It
// is the cause (context.Cause) of the stream's context at the server, and what
// the client is told: status 503, code "unavailable", and that it may come again
// at once, which will be elsewhere. Part of the stream has been served, so it does
// not say that nothing was sent.
var ErrStopping error = stopping{}

type stopping struct{}

func (stopping) Error() string                     { return "the server is stopping; call again" }
func (stopping) StatusCode() int                   { return http.StatusServiceUnavailable }
func (stopping) ErrorCode() string                 { return kind.Unavailable.String() }
func (stopping) RetryAfter() (time.Duration, bool) { return 0, true }
