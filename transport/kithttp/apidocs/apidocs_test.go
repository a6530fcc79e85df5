package apidocs_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport/kithttp/apidocs"
)

const document = `{
  "openapi": "3.1.0",
  "info": {"title": "users", "description": "Users are people.\n\nSome of them.", "version": "v1"},
  "paths": {
    "/users/{id}": {
      "get": {
        "operationId": "GetUser", "summary": "GetUser finds one",
        "parameters": [
          {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
          {"name": "wait", "in": "query", "schema": {"type": "string", "description": "as in 1.5s"}}
        ],
        "responses": {
          "200": {"description": "the answer", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
          "404": {"description": "no_user: there is none", "content": {"application/problem+json": {"schema": {"type": "object"}}}},
          "default": {"$ref": "#/components/responses/Problem"}
        }
      },
      "post": {
        "operationId": "SetUser",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
        "responses": {"default": {"$ref": "#/components/responses/Problem"}},
        "x-idempotent": true
      }
    },
    "/a": {"delete": {"operationId": "Drop", "responses": {}}}
  },
  "components": {
    "schemas": {
      "User": {"type": "object", "description": "User is one.", "properties": {
        "name": {"type": "string", "description": "it's read out"},
        "friends": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/User"}},
        "best": {"anyOf": [{"$ref": "#/components/schemas/User"}, {"type": "null"}]},
        "boss": {"$ref": "#/components/schemas/User"},
        "color": {"oneOf": [{"const": 0, "title": "Red"}, {"const": 1}]},
        "born": {"type": "string", "format": "date-time"},
        "raw": {"type": ["string", "null"], "contentEncoding": "base64"},
        "more": {"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}},
        "any": true,
        "yes": {"type": "boolean"}
      }},
      "Bare": {"type": "string"}
    },
    "responses": {"Problem": {"description": "what went wrong", "content": {"application/problem+json": {"schema": {"type": "object"}}}}}
  }
}`

func get(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}

func TestPage(t *testing.T) {
	t.Parallel()
	h := apidocs.New([]byte(document))
	w := get(t, h, http.MethodGet, "/docs")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	page := w.Body.String()
	for _, want := range []string{
		"<title>users v1</title>",
		"Users are people.\n\nSome of them.",
		`<a href="#call-GetUser"><b class="GET">GET</b> <code>/users/{id}</code></a>`,
		"<bdi>GetUser finds one.</bdi>",
		"Changes nothing, and may be repeated.",
		`<td><code>id</code></td><td>path</td><td>string</td>`,
		`<td><code>wait</code></td><td>query</td><td>string</td><td class="text"> as in 1.5s</td>`,
		`<td>200</td><td><a href="#type-User"><code>User</code></a></td>`,
		"no_user: there is none",
		`<td>any other</td><td>application/problem&#43;json</td><td class="text">what went wrong</td>`,
		`<pre>curl &#39;http://localhost:8080/users/{id}&#39;</pre>`,
		`curl -X DELETE &#39;http://localhost:8080/a&#39;`,
		`curl -d &#39;{&#34;name&#34;:&#34;&#34;,&#34;friends&#34;:[],&#34;best&#34;:null,&#34;boss&#34;:null,&#34;color&#34;:0,&#34;born&#34;:&#34;2006-01-02T15:04:05Z&#34;,&#34;raw&#34;:&#34;&#34;,&#34;more&#34;:{},&#34;any&#34;:null,&#34;yes&#34;:false}&#39;`,
		"May be repeated: twice does what once does.",
		`array of <a href="#type-User"><code>User</code></a> or null`,
		`<a href="#type-User"><code>User</code></a> or null`,
		"0 (Red) or 1",
		"string, date-time",
		"string, base64 or null",
		"object of integer, int64",
		"<td><code>any</code></td><td>anything</td>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "src=") {
		t.Error("the page loads something")
	}
	if strings.Index(page, "/users/{id}") > strings.Index(page, "<code>/a</code>") {
		t.Error("the calls are not in their order")
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("policy: %s", policy)
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	h := apidocs.New([]byte(document))
	if w := get(t, h, http.MethodGet, "/api/openapi.json"); w.Body.String() != document || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	if w := get(t, h, http.MethodPost, "/docs"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestBadDocuments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                    "unexpected end of JSON input",
		`{"openapi":"2.0"}`:   `version "2.0", want 3.1`,
		`{"paths":["/a"]}`:    "want an object",
		`{"paths":{"a":"b"}}`: "want an object",
		`{"openapi":"3.1.0","paths":{"a":{"get":{"parameters":[{"schema":{"type":7}}]}}}}`: "cannot unmarshal",
	} {
		w := get(t, apidocs.New([]byte(text)), http.MethodGet, "/docs")
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", text, w.Code, w.Body, want)
		}
	}
}

// evil would like to be code, wherever a document has text.
const evil = `<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">\" onclick=\"alert(1)`

// TestInABrowser opens a page whose every text would like to be code.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI has no chromium: %v", err)
		}
		t.Skip("no chromium here, which Debian has as a package of that name: the page is not tried in a browser")
	}
	text := strings.NewReplacer("User is one.", evil, "Users are people.", evil, "GetUser finds one", evil, `"name": "id"`, `"name": "`+evil+`"`,
		"SetUser", evil, `"name":`, `"`+evil+`":`, "no_user", evil, "int64", evil, `"Red"`, `"`+evil+`"`).Replace(document)
	s := httptest.NewServer(apidocs.New([]byte(text)))
	defer s.Close()
	dom, log := open(t, browser, s.URL+"/docs")
	if !strings.Contains(dom, "<title>users v1") {
		t.Fatalf("the browser has not shown the page: %.300s", log)
	}
	for _, bad := range []string{"<script", "<img", "<title>pwned"} {
		if strings.Contains(dom, bad) {
			t.Errorf("the browser made %q of it", bad)
		}
	}
	if handler := regexp.MustCompile(`<[a-z0-9]+( [a-z-]+="[^"]*")* on[a-z]+=`).FindString(dom); handler != "" {
		t.Errorf("the browser made %q of it", handler)
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}

// open returns what a browser makes of a page, and what it says beside that.
func open(t *testing.T, browser, url string) (dom, log string) {
	t.Helper()
	profile, err := os.MkdirTemp("", "apidocs") //nolint:usetesting // browsers may still write there when they have ended, of which t.TempDir would complain
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--no-proxy-server", "--user-data-dir="+profile, "--enable-logging=stderr", "--dump-dom", url)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &said, 10*time.Second
	_ = cmd.Run() // what it printed tells
	return out.String(), said.String()
}

func ExampleNew() {
	mux := http.NewServeMux()
	docs := apidocs.New([]byte(document))
	mux.Handle("GET /docs", docs)
	mux.Handle("GET /openapi.json", docs)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/docs", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
