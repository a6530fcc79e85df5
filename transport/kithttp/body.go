package kithttp

import (
	"io"
	"net/http"
)

// limitedBody is a body that whoever owns the connection has limited already.
type limitedBody struct{ io.ReadCloser }

func (limitedBody) limited() {}

// limit returns body with at most n bytes: reading beyond gives an
// *http.MaxBytesError. n below zero is no limit.
func limit(w http.ResponseWriter, body io.ReadCloser, n int64) io.ReadCloser {
	if body == nil || body == http.NoBody {
		return http.NoBody
	}
	return limitedBody{atMost(w, body, n)}
}

func atMost(w http.ResponseWriter, body io.ReadCloser, n int64) io.ReadCloser {
	if n < 0 {
		return body
	}
	return http.MaxBytesReader(w, body, n)
}

// limited is limit for a body that nobody else has limited.
func limited(body io.ReadCloser, n int64) io.ReadCloser {
	if _, ok := body.(interface{ limited() }); ok {
		return body
	}
	return limit(nil, body, n)
}
