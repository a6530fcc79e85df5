package kithttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
)

// maxBody bounds what is read into memory where nobody says otherwise.
const maxBody = 4 << 20

// DecodeJSON reads a request's body as one JSON value of type T and returns a
// T. An empty body is the zero T; unknown fields are ignored, so that a newer
// client may call an older server; anything behind the value is an error. The
// error is an *Error, 400, 408 or 413, that says what is wrong and where. A body
// that kithttp.Server has not limited is limited to 4 MiB. It is a go-kit
// DecodeRequestFunc.
func DecodeJSON[T any](_ context.Context, r *http.Request) (any, error) {
	request, err := ReadJSON[T](r)
	if err != nil {
		return nil, err
	}
	return request, nil
}

// ReadJSON is DecodeJSON for decoders that look at more than the body.
func ReadJSON[T any](r *http.Request) (request T, err error) {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return request, err
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return request, badRequest(jsonProblem(err))
	}
	return request, nil
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(limited(r.Body, maxBody))
	if err != nil {
		return nil, readError(err)
	}
	return body, nil
}

func badRequest(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_argument", Message: message}
}

// readError is the error of a body that could not be read to its end.
func readError(err error) error {
	tooLarge, ok := errors.AsType[*http.MaxBytesError](err)
	switch {
	case ok:
		return &Error{
			Status:  http.StatusRequestEntityTooLarge,
			Code:    "body_too_large",
			Message: fmt.Sprintf("request body: larger than the %d bytes this server accepts", tooLarge.Limit),
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Status: http.StatusRequestTimeout, Code: "body_too_slow", Message: "request body: it came too slowly"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return badRequest("request body: " + err.Error())
}

// jsonProblem says what is wrong with a body, in the words of JSON rather than
// of Go.
func jsonProblem(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("request body: not JSON at byte %d: %v", e.Offset, e)
	}
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return "request body: " + err.Error()
	case e.Field == "":
		return fmt.Sprintf("request body: want %s, got %s", jsonType(e.Type), e.Value)
	}
	return fmt.Sprintf("request body: field %q: want %s, got %s (at byte %d)", e.Field, jsonType(e.Type), e.Value, e.Offset)
}

// jsonType is what JSON calls a value of t, and t where that says more.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Bool:
		return "bool"
	case reflect.Pointer:
		return jsonType(t.Elem())
	}
	return t.Kind().String()
}
