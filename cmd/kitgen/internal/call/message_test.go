package call

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// What goes out over gRPC comes back as it was: a request is read as if it were
// the response of a method that answers what it takes.
func TestValuesSurviveGRPC(t *testing.T) {
	for method, all := range map[string]string{
		"Put": `{"item":{"name":"x","price":9007199254740993,"labels":{"a":1},"parts":[{"name":"","price":0,"labels":{},"parts":[],"left":2}],"left":null},` +
			`"count":-1,"wait":-1500000001,"at":"2026-01-02T03:04:05.000000006Z","data":"AAE=","loud":true,"ratio":0.5,"tags":["a","b"],"ns":[1,2]}`,
		"Odd":  `{"odd":{"color":1,"ids":{"a":{},"b":{}},"key":[1,2,255],"rows":[[1],[],[2,3]],"gaps":[1,null,2],"deep":{"x":["y"]}},"waits":[1,2000000000]}`,
		"Page": `{"n":0,"loud":false,"within":-9223372036854775808,"owner":""}`,
		"Cut":  `{"size":1,"key":[0,-128,127]}`,
	} {
		k := loadShop(t)
		ts, m := types{k.svc}, k.named(t, method)
		values, err := ts.arguments(m, nil, input{text: all})
		if err != nil {
			t.Fatal(err)
		}
		d := k.describe(t, m)
		sent, err := ts.message(d.Input(), m.In, m.Params, values)
		if err != nil {
			t.Fatal(err)
		}
		wire, err := proto.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		got := dynamicpb.NewMessage(d.Input())
		if err := proto.Unmarshal(wire, got); err != nil {
			t.Fatal(err)
		}
		back, err := ts.values(spec.Message{}, m.Params, got)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(ordered{m.Params, back})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tree(t, []byte(all)), tree(t, text)); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
}

func TestWhatIsNotInAMessageIsZero(t *testing.T) {
	k := loadShop(t)
	for method, want := range map[string]string{
		"Put": `{"item":{"name":"","price":0,"labels":{},"parts":[],"left":null},"count":0,"wait":0,"at":"0001-01-01T00:00:00Z","data":"","loud":false,"ratio":0,"tags":[],"ns":[]}`,
		"Odd": `{"odd":{"color":0,"ids":{},"key":[0,0,0],"rows":[],"gaps":[],"deep":{}},"waits":[]}`,
		"Cut": `{"size":0,"key":[0,0,0]}`,
	} {
		m := k.named(t, method)
		back, err := types{k.svc}.values(spec.Message{}, m.Params, dynamicpb.NewMessage(k.describe(t, m).Input()))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(back)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tree(t, []byte(want)), tree(t, text)); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
}

func TestNamesOfEnumsTravelOverGRPC(t *testing.T) {
	k := loadShop(t)
	ts, m := types{k.svc}, k.named(t, "Cut")
	for size, want := range map[string]string{"Large": "{1}", "SIZE_LARGE": "{1}", "L": "refused"} {
		values, err := ts.arguments(m, []string{"size=" + size}, input{text: ""})
		if err != nil {
			t.Fatal(err)
		}
		got := "refused"
		d := k.describe(t, m)
		sent, err := ts.message(d.Input(), m.In, m.Params, values)
		if err == nil {
			got = fmt.Sprintf("{%d}", sent.Get(d.Input().Fields().ByName("size")).Enum())
		}
		if got != want {
			t.Errorf("%s is %s, %v; want %s", size, got, err, want)
		}
	}
}

func TestAnAnswerHasEveryResultInOrder(t *testing.T) {
	k := loadShop(t)
	put := k.named(t, "Put")
	back, err := types{k.svc}.values(put.Out, put.Results, dynamicpb.NewMessage(k.describe(t, put).Output()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(ordered{put.Results, back})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"total":0,"took":0,"all":[]}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func tree(t *testing.T, text []byte) any {
	t.Helper()
	v, err := readJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
