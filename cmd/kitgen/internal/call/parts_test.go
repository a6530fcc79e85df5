package call

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport/kithttp"
)

func TestPartsFollowTheRoute(t *testing.T) {
	k := loadShop(t)
	ts := types{k.svc}
	for _, tt := range []struct {
		method string
		data   string
		want   kithttp.Parts
	}{
		{"List", `{"owner":"a/b","limit":3,"within":1500000000,"tags":["x","y"]}`, kithttp.Parts{
			Path:  []string{"a/b"},
			Query: url.Values{"limit": {"3"}, "within": {"1.5s"}, "tags": {"x", "y"}},
		}},
		{"Put", `{"loud":true}`, kithttp.Parts{Query: url.Values{}, Body: map[string]any{"loud": true}}},
		{"Put", `{}`, kithttp.Parts{Query: url.Values{}, Body: map[string]any{}}},
		{"Page", `{}`, kithttp.Parts{Path: []string{"0", "false", "0s", ""}, Query: url.Values{}}},
		{"Ping", `{}`, kithttp.Parts{Query: url.Values{}}},
	} {
		m := k.named(t, tt.method)
		values, err := ts.arguments(m, nil, input{text: tt.data})
		if err != nil {
			t.Fatal(err)
		}
		got, err := parts(m, values)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %s: %s", tt.method, tt.data, diff)
		}
	}
}
