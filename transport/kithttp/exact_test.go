package kithttp

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

type base struct{ Pair [2]int }

type exact struct {
	base
	Hash  [4]byte             `json:"hash"`
	Grid  [][2]int            `json:"grid,omitempty"`
	By    map[string]*[1]bool `json:"by"`
	Addr  netip.Addr
	Raw   []byte
	Deep  *exact
	Never [2]int `json:"-"`
}

func TestDecodeExactJSON(t *testing.T) {
	for body, want := range map[string]string{
		``:                          "",
		`{}`:                        "",
		`{"hash":[1,2,3,4]}`:        "",
		`{"hash":null,"Deep":null}`: "",
		`{"pair":[1,2],"Addr":"::1","Raw":"YQ==","Never":[1],"-":[]}`: "",
		`{"hash":[1,2,3]}`:              `request body: field "hash": want an array of 4, got one of 3`,
		`{"HASH":[1,2,3,4,5]}`:          `request body: field "HASH": want an array of 4, got one of 5`,
		`{"grid":[[1,2],[3]]}`:          `request body: field "grid.1": want an array of 2, got one of 1`,
		`{"by":{"a":[true],"b":[]}}`:    `request body: field "by.b": want an array of 1, got one of 0`,
		`{"Pair":[1]}`:                  `request body: field "Pair": want an array of 2, got one of 1`,
		`{"Deep":{"Deep":{"hash":[]}}}`: `request body: field "Deep.Deep.hash": want an array of 4, got one of 0`,
		`{"hash":["a"]}`:                `request body: field "hash": want uint8, got string (at byte 12)`,
		`{"Addr":"nowhere"}`:            `request body: ParseAddr("nowhere"): unable to parse IP`,
		`{"hash":[1,2,3,4]`:             `request body: not JSON at byte 17: unexpected end of JSON input`,
	} {
		_, err := DecodeExactJSON[exact](t.Context(), httptest.NewRequest("POST", "/", strings.NewReader(body)))
		if got := message(err); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func message(err error) string {
	e, ok := err.(*Error)
	switch {
	case err == nil:
		return ""
	case !ok || e.Status != 400 || e.Code != "invalid_argument":
		return "not 400: " + err.Error()
	}
	return e.Message
}
