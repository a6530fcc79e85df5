package call

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func TestArgumentsAreReadByTheirTypes(t *testing.T) {
	k := loadShop(t)
	ts := types{k.svc}
	for _, tt := range []struct {
		words []string
		data  string
		want  string
	}{
		{nil, "", `{}`},
		{[]string{"count=-128", "loud=true", "ratio=0.5"}, "", `{"count":-128,"loud":true,"ratio":0.5}`},
		{[]string{"wait=1.5s"}, "", `{"wait":1500000000}`},
		{[]string{"at=2026-01-02T03:04:05.000000006+01:00", "data=AAE="}, "", `{"at":"2026-01-02T03:04:05.000000006+01:00","data":"AAE="}`},
		{[]string{"tags=a, b", "ns=1", "ns=2,3", "ns=[4]"}, "", `{"ns":[1,2,3,4],"tags":["a","b"]}`},
		{[]string{"tags=", "ns=null"}, "", `{"ns":null,"tags":[]}`},
		{[]string{`item={"name":"x","price":9007199254740993,"labels":{"a":1},"parts":[{"left":2},{"left":null}]}`}, "",
			`{"item":{"labels":{"a":1},"name":"x","parts":[{"left":2},{"left":null}],"price":9007199254740993}}`},
		{[]string{"count=2"}, `{"count":1,"loud":false}`, `{"count":2,"loud":false}`},
		{[]string{"size=L", "key=1,2,3", "key=4,5,6"}, "", `{"key":[4,5,6],"size":"L"}`},
	} {
		method := "Put"
		if strings.Contains(tt.want, "size") {
			method = "Cut"
		}
		got, err := ts.arguments(k.named(t, method), tt.words, input{name: "--data", text: tt.data})
		if err != nil {
			t.Errorf("%v: %v", tt.words, err)
			continue
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(text)); diff != "" {
			t.Errorf("%v %s: %s", tt.words, tt.data, diff)
		}
	}
}

func TestArgumentsThatAreWrongAreRefusedWithTheMend(t *testing.T) {
	k := loadShop(t)
	ts := types{k.svc}
	const mend = "; write List owner=STRING limit=INT within=TIME.DURATION tags=[]STRING"
	for _, tt := range []struct{ method, word, data, want string }{
		{"List", "limt=1", "", `limt=1: there is no "limt"; did you mean limit?` + mend},
		{"List", "colour=1", "", `colour=1: there is no "colour"; there are owner, limit, within, tags` + mend},
		{"List", "limit", "", `limit: an argument is name=value, or a JSON object, or @FILE with one` + mend},
		{"List", "limit=many", "", `limit=many: "many" is no int` + mend},
		{"List", "limit=1.5", "", `limit=1.5: 1.5 is no int` + mend},
		{"List", "limit=99999999999999999999", "", `limit=99999999999999999999: 99999999999999999999 is no int` + mend},
		{"List", "limit=\"1\"", "", `limit="1": "1" is no int` + mend},
		{"List", "within=5", "", `within=5: "5" is no time.Duration, such as 1.5s` + mend},
		{"List", "", "[1]", "--data: it is no JSON object" + mend},
		{"List", "", `{"tags":[1]}`, "--data: tags: element 1: 1 is no string" + mend},
		{"Ping", "x=1", "", `x=1: there is no "x", nor anything else to give; Ping takes nothing`},
	} {
		var words []string
		if tt.word != "" {
			words = []string{tt.word}
		}
		_, err := ts.arguments(k.named(t, tt.method), words, input{name: "--data", text: tt.data})
		if _, ok := errors.AsType[project.Refusal](err); !ok || err.Error() != tt.want {
			t.Errorf("%s %s %s:\n%v, want\n%s", tt.method, tt.word, tt.data, err, tt.want)
		}
	}
	for _, word := range []string{`odd={"color":"Blue"}`, `odd={"ids":["a"]}`, `odd={"key":[1,2,256]}`, `odd={"key":[1,2]}`, `odd={"key":[1,2,3,4]}`} {
		if _, err := ts.arguments(k.named(t, "Odd"), []string{word}, input{}); err == nil {
			t.Errorf("%s was taken", word)
		}
	}
	for _, name := range []string{"DarkBlue", "COLOR_DARK_BLUE", "1"} {
		got, err := ts.arguments(k.named(t, "Odd"), []string{`odd={"color":"` + name + `"}`}, input{})
		if name == "1" {
			got, err = ts.arguments(k.named(t, "Odd"), []string{`odd={"color":1}`}, input{})
		}
		if err != nil || got["odd"].(map[string]any)["color"] != json.Number("1") {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
	for _, word := range []string{"count=128", "at=yesterday", "data=%%", "item=x", `item={"nam":""}`, `item={"labels":{"a":"b"}}`, "loud=1", "ratio=x"} {
		if _, err := ts.arguments(k.named(t, "Put"), []string{word}, input{}); err == nil {
			t.Errorf("%s was taken", word)
		}
	}
}
