package kithttp_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport/kithttp"
)

func TestDecodeJSON(t *testing.T) {
	for name, tt := range map[string]struct {
		body, wrong string
		want        sumRequest
	}{
		"whole":         {`{"a":1,"b":2,"c":["x"]}`, "", sumRequest{1, 2, []string{"x"}}},
		"empty":         {"", "", sumRequest{}},
		"unknown field": {`{"a":1,"newer":true}`, "", sumRequest{A: 1}},
		"spaces":        {" \n{\"a\":1}\n\n", "", sumRequest{A: 1}},
		"trailing":      {`{"a":1}{"a":2}`, `request body: not JSON at byte 8: invalid character '{' after top-level value`, sumRequest{}},
		"cut off":       {`{"a":1`, `request body: not JSON at byte 6: unexpected end of JSON input`, sumRequest{}},
		"not JSON":      {`a=1`, `request body: not JSON at byte 1: invalid character 'a' looking for beginning of value`, sumRequest{}},
		"wrong type":    {`{"a":"1"}`, `request body: field "a": want int, got string (at byte 8)`, sumRequest{}},
		"wrong element": {`{"c":[1]}`, `request body: field "c": want string, got number (at byte 7)`, sumRequest{}},
		"want array":    {`{"c":{}}`, `request body: field "c": want array, got object (at byte 6)`, sumRequest{}},
		"want object":   {`[]`, `request body: want object, got array`, sumRequest{}},
		"overflow":      {`{"a":99999999999999999999}`, `request body: field "a": want int, got number 99999999999999999999 (at byte 25)`, sumRequest{}},
	} {
		got, err := kithttp.DecodeJSON[sumRequest](t.Context(), httptest.NewRequest("POST", "/", strings.NewReader(tt.body)))
		if tt.wrong == "" {
			if diff := cmp.Diff(any(tt.want), got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
			continue
		}
		want := &kithttp.Error{Status: 400, Code: "invalid_argument", Message: tt.wrong}
		if diff := cmp.Diff(error(want), err); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDecodeJSONIsLimited(t *testing.T) {
	body := `{"c":["` + strings.Repeat("x", 4<<20) + `"]}`
	_, err := kithttp.DecodeJSON[sumRequest](t.Context(), httptest.NewRequest("POST", "/", strings.NewReader(body)))
	want := &kithttp.Error{Status: 413, Code: "body_too_large", Message: "request body: larger than the 4194304 bytes this server accepts"}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestDecodeJSONOfABrokenBody(t *testing.T) {
	for _, broken := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF} {
		r := httptest.NewRequest("POST", "/", iotest.ErrReader(broken))
		_, err := kithttp.DecodeJSON[sumRequest](t.Context(), r)
		e, ok := errors.AsType[*kithttp.Error](err)
		if broken == io.ErrUnexpectedEOF {
			if !ok || e.Message != "request body: unexpected EOF" {
				t.Errorf("%v became %v", broken, err)
			}
		} else if ok || !errors.Is(err, broken) {
			t.Errorf("%v became %v, which no longer says who ended the call", broken, err)
		}
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{``, `{"a":1}`, `{"a":1}x`, `{"c":[null,"\ud800"]}`, `[[[[`, "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := kithttp.DecodeJSON[sumRequest](t.Context(), httptest.NewRequest("POST", "/", strings.NewReader(body)))
		if err == nil {
			if _, ok := got.(sumRequest); !ok {
				t.Errorf("%q decodes to %T", body, got)
			}
			return
		}
		if e, ok := errors.AsType[*kithttp.Error](err); !ok || e.Status != 400 || !strings.HasPrefix(e.Message, "request body: ") {
			t.Errorf("%q: %#v", body, err)
		}
	})
}
