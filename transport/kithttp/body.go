package kithttp

import (
	"io"
	"net/http"
)

// atMost returns body with at most n bytes: reading beyond gives an
// *http.MaxBytesError. n below zero is no limit.
func atMost(w http.ResponseWriter, body io.ReadCloser, n int64) io.ReadCloser {
	if n < 0 {
		return body
	}
	return http.MaxBytesReader(w, body, n)
}

// limited returns body with at most n bytes, unless whoever owns the connection has
// limited it already.
func limited(body io.ReadCloser, n int64) io.ReadCloser {
	if b, ok := body.(interface{ limited() bool }); body == http.NoBody || ok && b.limited() {
		return body
	}
	return atMost(nil, body, n)
}
