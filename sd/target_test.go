package sd

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]Target{
		"etcd://localhost:2379": {Scheme: "etcd", Hosts: []string{"localhost:2379"}},
		"etcd://10.0.0.1:2379,[::1]:2379/prod/addsvc?ttl=15s": {
			Scheme: "etcd", Hosts: []string{"10.0.0.1:2379", "[::1]:2379"},
			Path: []string{"prod", "addsvc"}, Params: url.Values{"ttl": {"15s"}},
		},
		"consul://root:s%40c%2Fret@agent:8500/addsvc?tag=a&tag=b": {
			Scheme: "consul", User: "root", Password: "s@c/ret", Hosts: []string{"agent:8500"},
			Path: []string{"addsvc"}, Params: url.Values{"tag": {"a", "b"}},
		},
		"static://a:1,b:2": {Scheme: "static", Hosts: []string{"a:1", "b:2"}},
		"x-1://a:1/sl%2Fash/per%25cent": {
			Scheme: "x-1", Hosts: []string{"a:1"}, Path: []string{"sl/ash", "per%cent"},
		},
		"etcd://user@a:1": {Scheme: "etcd", User: "user", Hosts: []string{"a:1"}},

		"dns:///addsvc.internal:8080":        {Scheme: "dns", Path: []string{"addsvc.internal:8080"}},
		"file:///etc/kitgen/addsvc.json?a=b": {Scheme: "file", Path: []string{"etc", "kitgen", "addsvc.json"}, Params: url.Values{"a": {"b"}}},
	} {
		got, err := ParseTarget(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func TestParseTargetNamesWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "no scheme",
		"localhost:2379":                        "no scheme",
		"Etcd://a:1":                            "lower-case",
		"://a:1":                                "lower-case",
		"etcd://":                               "no host",
		"etcd:///":                              "no host",
		"etcd://u@/ns":                          "no host",
		"etcd://a":                              `host 1: address "a" is not host:port`,
		"etcd://a:1,":                           "host 2: no address",
		"etcd://a:1,b":                          `host 2: address "b"`,
		"etcd://a:0":                            `port "0" is not a number from 1 to 65535`,
		"etcd://a:1,a:1":                        `host "a:1" is there twice`,
		"etcd://a:1/":                           `path "/" has an empty segment`,
		"etcd://a:1/ns/":                        "empty segment",
		"etcd://a:1//svc":                       "empty segment",
		"etcd://a:1" + strings.Repeat("/a", 65): "more than 64 segments",
		"etcd://a:1/%zz":                        `path segment "%zz"`,
		"etcd://a:1/%00":                        "control characters",
		"etcd://a:1/ns?":                        "parameter name",
		"etcd://a:1/ns?ttl":                     `parameter "ttl" has no value`,
		"etcd://a:1/ns?ttl=%":                   `the value of parameter "ttl"`,
		"etcd://a:1/ns?a=1&&b=2":                "parameter name",
		"etcd://a:1/ns#x":                       `"#"`,
		"etcd://a:1/n s":                        "space",
		"etcd://a:1/n\ns":                       "control character",
		"etcd://@a:1":                           "no user before it",
		"etcd://:pw@a:1":                        "no user before it",
		"etcd://u:%zz@a:1":                      "write it as %25",
		"etcd://a:1/" + longText(10000):         "10011 bytes",
	} {
		_, err := ParseTarget(in)
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrTarget) {
			t.Errorf("%s: got %v, want ErrTarget with %q", quote(in), err, want)
		}
	}
}

func longText(n int) string { return strings.Repeat("x", n) }

func TestTargetOnly(t *testing.T) {
	for in, want := range map[string]string{
		"etcd://a:1":               "",
		"etcd://a:1?ttl=1s":        "",
		"etcd://a:1?ttl=1s&ns=x":   "",
		"etcd://a:1?tll=1s":        `invalid target: etcd takes no parameter "tll": it takes ns, ttl`,
		"etcd://a:1?ttl=1s&ttl=2s": `invalid target: parameter "ttl" is there 2 times: keep one`,
	} {
		target, err := ParseTarget(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(target.Only("ttl", "ns")); got != want && (want != "" || got != "<nil>") {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	target, _ := ParseTarget("static://a:1?ttl=1s")
	if err := target.Only(); err == nil || !strings.HasSuffix(err.Error(), "it takes none") {
		t.Errorf("got %v, want an error that says there are no parameters", err)
	}
}

const theSecret = "hunter2"

func TestTargetShowsNoSecret(t *testing.T) {
	target, err := ParseTarget("etcd://root:" + theSecret + "@a:1/ns?token=" + theSecret +
		"&acl-token=" + theSecret + "&password=" + theSecret + "&client_secret=" + theSecret + "&token-file=/run/token")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(map[string]any{"t": target, "p": &target})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		target.String(), string(asJSON), fmt.Sprint(target),
		fmt.Sprintf("%v %+v %#v %s %q", target, target, target, target, target), fmt.Sprintf("%v %+v %#v", &target, &target, &target),
	} {
		if strings.Contains(shown, theSecret) {
			t.Errorf("shows the secret: %s", shown)
		}
		if !strings.Contains(shown, "root:xxxxx@a:1") || !strings.Contains(shown, "run%2Ftoken") {
			t.Errorf("shows too little: %s", shown)
		}
	}
}

func TestParseTargetErrorsShowNoSecret(t *testing.T) {
	for _, pattern := range []string{
		"etcd://root:%s@a", "etcd://root:%s@a:0", "etcd://root:%s@@a:1", "etcd://root:x/%s@a:1", "etcd://root:1/%s@a:1",
		"etcd://root:1?%s@a:1", "etcd://root:%%zz%s@a:1", "etcd://root:%s#@a:1", "etcd://root:%s @a:1", "root:%s@a:1://",
		"etcd://root:%s@a:1/x//z", "etcd://a:1?token=%s%%", "etcd://a:1?token=%s%%0a", "etcd://:%s@a:1",
		"etcd://root:%s/@a:1", "etcd://root:%s?@a:1",
	} {
		in := fmt.Sprintf(pattern, theSecret)
		if _, err := ParseTarget(in); err == nil || strings.Contains(err.Error(), theSecret) {
			t.Errorf("%s: got %v, want an error without the secret", in, err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{
		"etcd://localhost:2379/ns/svc?ttl=5s", "consul://u:p@h:1,g:2/%2F?a=b&a=c", "a://[::1]:1", "a://%zz@b:1", "x://a:1?=", "",
		"a:///%400", "file:///a/b/c?x=y", "dns:///a.b:80",
		"etcd://u%3Av@a:1/x%3Fy%23z%20?k=%26%3D+",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParseTarget(s)
		if err != nil {
			if !errors.Is(err, ErrTarget) || !printable(err.Error()) {
				t.Errorf("error that is not fit for a log: %q", err)
			}
			return
		}
		if target.Password != "" || target.shown().Encode() != target.Params.Encode() {
			return // redacted
		}
		again, err := ParseTarget(target.String())
		if err != nil {
			t.Fatalf("%q prints as %q, which is refused: %v", s, target, err)
		}
		if diff := cmp.Diff(target, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q prints as %q (-first +again):\n%s", s, target, diff)
		}
	})
}

func ExampleParseTarget() {
	target, err := ParseTarget("etcd://root:hunter2@10.0.0.1:2379,10.0.0.2:2379/prod/addsvc?ttl=15s")
	fmt.Println(err, target.Hosts, target.Path, target.Params.Get("ttl"))
	fmt.Println(target)

	target, _ = ParseTarget("etcd://10.0.0.1:2379/prod?tll=15s")
	fmt.Println(target.Only("ttl"))
	// Output:
	// <nil> [10.0.0.1:2379 10.0.0.2:2379] [prod addsvc] 15s
	// etcd://root:xxxxx@10.0.0.1:2379,10.0.0.2:2379/prod/addsvc?ttl=15s
	// invalid target: etcd takes no parameter "tll": it takes ttl
}
