package kithttp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport"
)

// Error is a failure that survives the wire.
type Error = transport.Error

const problemJSON = "application/problem+json"

// problem is RFC 9457's object, with the code as its extension.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code,omitempty"`
}

// problemFor is what is told of e, which is filled in.
func problemFor(e *Error) *problem {
	return &problem{
		Type:   "about:blank",
		Title:  (&Error{Status: e.Status}).Error(),
		Status: e.Status,
		Detail: e.Message,
		Code:   e.Code,
	}
}

// failure is the error that a problem is.
func (p *problem) failure() *Error {
	return transport.ErrorOf(&Error{Status: p.Status, Code: p.Code, Message: cmp.Or(p.Detail, p.Title)})
}

// EncodeError writes err as problem+json, with the status that
// transport.ErrorOf finds for it, the headers of an err that is a go-kit
// Headerer (WWW-Authenticate), and what an error in its tree says by a method
//
//	RetryAfter() (after time.Duration, ok bool)
//
// about coming again: Kit-Retry-Pushback-Ms, in milliseconds and -1 for never,
// and for those who do not know it Retry-After, in seconds rounded up, if it is
// not never and the Headerer has none. It is a go-kit ErrorEncoder, and
// NewServer's.
func EncodeError(_ context.Context, err error, w http.ResponseWriter) {
	if _, told := errors.AsType[*toldError](err); told {
		return
	}
	e := transport.ErrorOf(err)
	body, jsonErr := json.Marshal(problemFor(e))
	if jsonErr != nil { // strings and a number: cannot happen
		body = nil
	}
	if h, ok := errors.AsType[interface {
		error
		httptransport.Headerer
	}](err); ok {
		addHeaders(w.Header(), h.Headers())
	}
	pushBack(w.Header(), err)
	write(w, e.Status, problemJSON, body)
}

// maxProblem is how much of an error's body is read; the rest is not worth it.
const maxProblem = 64 << 10

// decodeError is the error of a response that is not a success: an *Error, in
// a *pushedBack if the server said when to come again.
func decodeError(resp *http.Response) error {
	return pushedBackBy(resp, decodeProblem(resp))
}

// pushedBackBy is e, with what resp says about coming again.
func pushedBackBy(resp *http.Response, e *Error) error {
	if resp.StatusCode < 400 { // a Retry-After of a redirect is about where it points
		return e
	}
	if after, ok := retryAfter(resp.Header); ok {
		return &pushedBack{e, after}
	}
	return e
}

// decodeProblem reads the body; the status holds even if that cannot be read.
func decodeProblem(resp *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	return problemOf(resp, body)
}

// problemOf is the error of a response with that body.
func problemOf(resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode}
	var p problem
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Message = fmt.Sprintf("%s: the redirect to %q is not followed", resp.Status, to)
	} else if isJSON(resp.Header) && json.Unmarshal(body, &p) == nil {
		e.Code, e.Message = p.Code, p.Detail
		if e.Message == "" {
			e.Message = p.Title
		}
	} else if text := strings.TrimSpace(string(body[:min(len(body), 512)])); text != "" {
		e.Message = resp.Status + ": " + text
	}
	return transport.ErrorOf(e)
}

func isJSON(h http.Header) bool {
	text := h.Get("Content-Type")
	if text == problemJSON { // what EncodeError says
		return true
	}
	media, _, _ := mime.ParseMediaType(text) // an unparsable one is not JSON
	return media == problemJSON || media == "application/json"
}
