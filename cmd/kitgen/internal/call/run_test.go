package call

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// kind is what the exit code follows.
func kind(err error) string {
	_, refusal := errors.AsType[project.Refusal](err)
	_, usage := errors.AsType[console.UsageError](err)
	_, environment := errors.AsType[console.EnvironmentError](err)
	_, failure := errors.AsType[console.FailureError](err)
	switch {
	case err == nil:
		return "ok"
	case refusal:
		return "refused"
	case usage:
		return "usage"
	case environment:
		return "environment"
	case failure:
		return "failed"
	}
	return "unexpected"
}

func TestCallsByInterfaceAndByReflection(t *testing.T) {
	k, d := loadTalk(t)
	addr := serveTalk(t, d, true)
	file := filepath.Join(t.TempDir(), "words.ndjson")
	if err := os.WriteFile(file, []byte(`{"words":{"text":"a"}}`+"\n\n  "+`{"words":{"text":"b","loud":true}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	percent := filepath.Join(t.TempDir(), "50%done.json")
	if err := os.WriteFile(percent, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		line, in  string
		out, kind string
		err       string // of what is wrong
	}{
		{`Say word={"text":"hi"} times=2`, "", `{"said":{"text":"hi","loud":false}}`, "ok", ""},
		{`Say {"word":{"text":"hi"}} times=2`, "", `{"said":{"text":"hi","loud":false}}`, "ok", ""},
		{`Say @- times=2`, "{\n\"word\":{\"text\":\"hi\"}}", `{"said":{"text":"hi","loud":false}}`, "ok", ""},
		{`Say -H x-word:a -H x-raw-bin:AAE= {"word":{"text":"header"}}`, "", `{"said":{"text":"a \u0000\u0001","loud":false}}`, "ok", ""},
		{`Say {"word":{"text":"\u009b\u007f"}}`, "", `{"said":{"text":"\u009b\u007f","loud":false}}`, "ok", ""},
		{`Say {"word":{"text":"bad"}}`, "", "", "failed", "no \x1b[2J such words (failed_precondition, status 412, gRPC FailedPrecondition)\n  {\"@type\":\"type.googleapis.com/google.protobuf.Duration\",\"value\":\"1s\"}"},
		{`Say {"word":{"txt":""}}`, "", "", "refused", `the request: word: there is no "txt"; did you mean text?`},
		{`Say @-`, "{\n  \"word\": nul}", "", "refused", "stdin: 2:14: invalid character '}' in literal null (expecting 'l')"},
		{`Say @-`, "{\n  \"times\": 1", "", "refused", "stdin: 2:12: it ends before the object does"},
		{`Say @-`, " \n", "", "refused", "stdin: 1:2: it ends before the object does"},
		{`Say @` + percent, "", "", "refused", "50%done.json: it is no JSON object"},
		{`Say @nobody.json`, "", "", "refused", "open nobody.json: no such file"},
		{`Say`, "", `{"word":{"text":"text","loud":true},"times":1}`, "refused", "Say needs a request, such as this one"},
		{`Count {"most":2}`, "", `{"numbers":1}` + "\n" + `{"numbers":2}`, "failed", "enough (resource_exhausted, status 429, gRPC ResourceExhausted)"},
		{`Echo`, `{"words":{"text":"a"}}` + "\n", `{"heard":{"text":"a","loud":false}}`, "ok", ""},
		{`Echo`, "", "", "ok", ""},
		{`Echo @` + file, "", `{"heard":{"text":"a","loud":false}}` + "\n" + `{"heard":{"text":"b","loud":true}}`, "ok", ""},
		{`Echo`, "\n{\"words\":{\"txt\":1}}", "", "refused", `stdin: `},
		{`Echo {"words":{"text":"a"}}`, "", `{"heard":{"text":"a","loud":false}}`, "ok", ""},
		{`Echo -n 2`, "", "", "usage", "-n counts calls with one answer, and Echo streams"},
		{`Wait --timeout 20ms`, "", "", "failed", "no end of it within 20ms (--timeout)"},
		{`Wait --timeout 10us`, "", "", "failed", "no end of it within 10µs (--timeout)"}, // it is not even sent
		{`Wait --timeout 20ms -n 2 --over grpc`, "", "", "failed", "2 of 2 calls failed"},
		{`Wait --timeout -1s`, "", "", "usage", "--timeout -1s: write a time above 0"},
		{`Wait -H nothing`, "", "", "usage", `-H "nothing": write it as 'name: value'`},
		{`Wait -H grpc-timeout:1`, "", "", "usage", "names that begin with grpc- are gRPC's own"},
		{`Wait -H x-bin:%`, "", "", "usage", "is base64 over gRPC"},
		{`Wait {} {}`, "", "", "usage", "there is data already"},
		{`{"most":2}`, "", "", "usage", `{"most":2}: name the METHOD that takes it; there are Say, Count, Sum, Echo, Wait`},
		{`talk @-`, "{}", "", "usage", "@-: name the METHOD that takes it"},
		{`Wat`, "", "", "refused", "did you mean Wait?"},
		{`Wait --tls-ca nobody.crt`, "", "", "usage", "--tls-server is missing"},
		{`Wait --tls-cert nobody.crt`, "", "", "usage", "a certificate needs both"},
		{`Wait --tls-ca nobody.crt --tls-server dns:talk`, "", "", "usage", "nobody.crt"},
	} {
		for way, call := range map[string]func(*typist, []string) error{
			"by interface": func(u *typist, words []string) error {
				return u.here(t.Context(), k, append(words, "--addr", addr)...)
			},
			"by reflection": func(u *typist, words []string) error {
				return u.anywhere(t.Context(), append([]string{addr}, words...)...)
			},
		} {
			u := &typist{in: strings.NewReader(tt.in)}
			err := call(u, strings.Fields(tt.line))
			if out := strings.TrimSpace(u.out.String()); out != tt.out && !strings.Contains(tt.line, "-n 2") {
				t.Errorf("%s %s: printed\n%s\nwant\n%s", tt.line, way, out, tt.out)
			}
			if kind(err) != tt.kind || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s %s: %s: %v\nwant %s: %s", tt.line, way, kind(err), err, tt.kind, tt.err)
			}
		}
	}
}

func TestAHeadGoesAheadOfAStream(t *testing.T) {
	k, d := loadTalk(t)
	addr := serveTalk(t, d, true)
	lines := "{\"values\":1}\n{\"values\":2}\n"
	u := &typist{in: strings.NewReader(lines)}
	if err := u.here(t.Context(), k, "Sum", "start=10", "--addr", addr); err != nil || u.out.String() != "{\"total\":13}\n" {
		t.Errorf("by interface: %s, %v", &u.out, err)
	}
	u = &typist{in: strings.NewReader("{\"start\":10}\n" + lines)}
	if err := u.anywhere(t.Context(), addr, "talk/sum"); err != nil || u.out.String() != "{\"total\":13}\n" {
		t.Errorf("by reflection: %s, %v", &u.out, err)
	}
}

// What is sent is answered before more is sent, and the end of the context ends both
// directions.
func TestBothDirectionsGoOnAtOnce(t *testing.T) {
	k, d := loadTalk(t)
	addr := serveTalk(t, d, true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, say := io.Pipe()
	heard, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		defer out.Close()
		con := &console.Console{In: in, Out: out, Err: io.Discard}
		o := &options{load: load{calls: 1, workers: 1}, addr: addr}
		done <- (&run{options: o, con: con}).byInterface(ctx, []*known{k}, []string{"Echo"})
	}()
	got := make([]byte, len(`{"heard":{"text":"a","loud":false}}`)+1)
	for _, word := range []string{"a", "b"} {
		if _, err := io.WriteString(say, `{"words":{"text":"`+word+`"}}`+"\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(heard, got); err != nil || string(got) != `{"heard":{"text":"`+word+`","loud":false}}`+"\n" {
			t.Fatalf("%s, %v", got, err)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	say.Close() // lets go who reads it
}

func TestAServerThatSaysNothingOfItself(t *testing.T) {
	_, d := loadTalk(t)
	u := new(typist)
	err := u.anywhere(t.Context(), serveTalk(t, d, false), "Say")
	if kind(err) != "refused" || !strings.Contains(err.Error(), "it has no gRPC reflection; go to the directory of the service, and give --addr") {
		t.Error(err)
	}
	if err := u.anywhere(t.Context(), "127.0.0.1:1", "Say", "--over", "http"); kind(err) != "refused" {
		t.Error(err)
	}
	if err := u.anywhere(t.Context(), "127.0.0.1:1", "Say"); kind(err) != "environment" {
		t.Error(err)
	}
}

func TestMethodsAreListed(t *testing.T) {
	k, d := loadTalk(t)
	want := `  Say    word=WORD times=INT32
  Count  most=INT32 -> ...
  Sum    start=INT32 <- values=INT32 ...
  Echo   <- words=WORD ... -> ...
  Wait
`
	u := new(typist)
	if err := u.here(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("talk\n"+want, trimmed(u.out.String())); diff != "" {
		t.Error(diff)
	}
	addr := serveTalk(t, d, true)
	u = new(typist)
	if err := u.anywhere(t.Context(), addr); err != nil {
		t.Fatal(err)
	}
	want = strings.Replace(want, "start=INT32 <- values=INT32", "<- start=INT32 values=INT32", 1)
	if diff := cmp.Diff("talk.v1.Talk\n"+want, trimmed(u.out.String())); diff != "" {
		t.Error(diff)
	}
	u = &typist{json: true}
	if err := u.anywhere(t.Context(), "static://"+addr, "Talk"); err != nil {
		t.Fatal(err)
	}
	if line, _, _ := strings.Cut(u.out.String(), "\n"); line != `{"service":"talk.v1.Talk","method":"Say","arguments":["word=WORD","times=INT32"]}` {
		t.Error(line)
	}
}

func trimmed(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestStreamsOverHTTP(t *testing.T) {
	k, _ := loadTalk(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /count", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, "{\"numbers\":1}\n{\"numbers\":2}\n{\"error\":{\"status\":429,\"code\":\"enough\",\"detail\":\"no more\"}}\n")
	})
	mux.HandleFunc("POST /sum", func(w http.ResponseWriter, r *http.Request) {
		lines, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"got":`+strings.Join(strings.Fields(`[`+strings.ReplaceAll(strings.TrimSpace(string(lines)), "\n", ",")+`]`), "")+`}`)
	})
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{\"said\": {\n\"text\": \""+r.Host+" "+strings.Join(r.Header["X-Word"], " ")+" \u009b\"}}")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	for _, tt := range []struct{ line, in, out, kind, err string }{
		{"Count most=2", "", "{\"numbers\":1}\n{\"numbers\":2}\n", "failed", "no more (enough, status 429)"},
		{"Count most=2 --json", "", "{\"numbers\":1}\n{\"numbers\":2}\n" + `{"error":{"code":"enough","status":429,"message":"POST `, "failed", "no more (enough, status 429)"},
		{"Sum start=3", "{\"values\":1}\n\n{\"values\":2}", `{"got":[{"start":3},{"values":1},{"values":2}]}` + "\n", "ok", ""},
		{"Sum start=3", "{\"values\":1}\n{\"values\":\"x\"}", "", "refused", `stdin: 2:1: values: "x" is no int32`},
		{"Say {} -H Host:talk.example -H x-word:1 -H X-Word:2", "", `{"said":{"text":"talk.example 1 2 \u009b"}}` + "\n", "ok", ""},
	} {
		u := &typist{in: strings.NewReader(tt.in), json: strings.Contains(tt.line, "--json")}
		line := strings.Fields(strings.TrimSuffix(tt.line, "--json"))
		err := u.here(t.Context(), k, append(line, "--over", "http", "--addr", s.Listener.Addr().String())...)
		if !strings.HasPrefix(u.out.String(), tt.out) || tt.out == "" && u.out.Len() > 0 {
			t.Errorf("%s: printed %s, want %s", tt.line, &u.out, tt.out)
		}
		if kind(err) != tt.kind || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %s: %v, want %s: %s", tt.line, kind(err), err, tt.kind, tt.err)
		}
	}
}

// Every request that is made up is one that is taken.
func TestExamplesAreRequests(t *testing.T) {
	k := loadShop(t)
	for i := range k.svc.Methods {
		m := &k.svc.Methods[i]
		d := k.describe(t, m)
		for _, c := range []callee{here{types: types{k.svc}, m: m}, here{types: types{k.svc}, m: m, rpc: d}, reflected{d, nil}} {
			text, err := c.example()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), `"size":"text"`) {
				continue // what it is as text, only its type knows
			}
			if _, err := c.request(nil, input{name: "example", text: string(text)}); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
