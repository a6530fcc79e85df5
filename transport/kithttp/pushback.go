package kithttp

import (
	"net/http"
	"time"

	"github.com/kitgen/kitgen/transport/internal/decimal"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

const (
	pushbackHeader   = "Kit-Retry-Pushback-Ms" // gRPC's trailer, for HTTP: exact, and it can say never
	retryAfterHeader = "Retry-After"           // for everybody else
)

// pushedBack is a failure whose server also said when to come again.
type pushedBack struct {
	err   *Error
	after time.Duration
}

func (e *pushedBack) Error() string                              { return e.err.Error() }
func (e *pushedBack) Unwrap() error                              { return e.err }
func (e *pushedBack) StatusCode() int                            { return e.err.StatusCode() }
func (e *pushedBack) ErrorCode() string                          { return e.err.ErrorCode() }
func (e *pushedBack) RetryAfter() (after time.Duration, ok bool) { return e.after, true }

// pushBack writes what err says about coming again, by a method RetryAfter
// anywhere in its tree. A Retry-After that is there already stays.
func pushBack(h http.Header, err error) {
	after, ok := pushback.Of(err)
	if !ok {
		return
	}
	h.Set(pushbackHeader, pushback.String(after))
	if h.Get(retryAfterHeader) == "" && after >= 0 {
		h.Set(retryAfterHeader, pushback.Seconds(after))
	}
}

// retryAfter is what a response says about coming again: -1 ms is never.
func retryAfter(h http.Header) (after time.Duration, ok bool) {
	if text := h.Get(pushbackHeader); text != "" {
		return pushback.Parse(text), true
	}
	text := h.Get(retryAfterHeader)
	if text == "" {
		return 0, false
	}
	if n, ok := decimal.Parse(text); ok {
		return time.Duration(min(max(n, 0), int64(pushback.Most/time.Second))) * time.Second, n >= 0
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date")) // the server's clock is not ours
	if err != nil {
		now = time.Now()
	}
	after = at.Sub(now)
	return min(max(after, 0), pushback.Most), after >= 0
}
