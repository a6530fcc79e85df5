package kithttp

import (
	"io"
	"net/http"
)

// limitedBody is a body that whoever owns the connection has limited already.
type limitedBody struct{ io.ReadCloser }

// limit returns body with at most n bytes: reading beyond gives an
// *http.MaxBytesError. n below zero is no limit.
func limit(w http.ResponseWriter, body io.ReadCloser, n int64) io.ReadCloser {
	if body == nil || body == http.NoBody {
		return http.NoBody
	}
	if n >= 0 {
		body = http.MaxBytesReader(w, body, n)
	}
	return limitedBody{body}
}

// limited is limit for a body that nobody else has limited.
func limited(body io.ReadCloser, n int64) io.ReadCloser {
	if _, ok := body.(limitedBody); ok {
		return body
	}
	return limit(nil, body, n)
}
