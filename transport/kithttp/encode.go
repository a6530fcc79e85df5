package kithttp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

const contentJSON = "application/json; charset=utf-8"

// EncodeJSON writes response as JSON, or returns an error and writes nothing:
// a response that cannot be encoded, or that is a go-kit Failer that failed,
// never goes out as a success. A Headerer adds headers and a StatusCoder
// chooses the status, as with go-kit. It is a go-kit EncodeResponseFunc, and
// NewServer's.
func EncodeJSON(_ context.Context, w http.ResponseWriter, response any) error {
	if f, ok := response.(endpoint.Failer); ok {
		if err := f.Failed(); err != nil {
			return err
		}
	}
	body, err := json.Marshal(response)
	if err != nil {
		return fmt.Errorf("encode response %T: %w", response, err)
	}
	if h, ok := response.(httptransport.Headerer); ok {
		addHeaders(w.Header(), h.Headers())
	}
	status := http.StatusOK
	if s, ok := response.(httptransport.StatusCoder); ok {
		status = s.StatusCode()
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return nil
	}
	write(w, status, contentJSON, append(body, '\n'))
	return nil
}

func addHeaders(to, from http.Header) {
	for k, values := range from {
		for _, v := range values {
			to.Add(k, v)
		}
	}
}

// write sends body in one piece.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	values := [2]string{contentType, strconv.Itoa(len(body))} // one allocation for both
	h["Content-Type"], h["Content-Length"] = values[0:1:1], values[1:2:2]
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller went away; there is nobody to tell
}
