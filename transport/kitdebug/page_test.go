package kitdebug_test

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

var errDown = errors.New("down")

// TestWhatRealPartsSay has one of two instances fail, which opens its circuit.
func TestWhatRealPartsSay(t *testing.T) {
	p := newParts(t, sd.Fixed{{Addr: "10.0.0.1:80"}, {Addr: "10.0.0.2:80", Zone: "eu-1", Tags: []string{"canary"}}},
		middleware.ClientConfig{Service: "addsvc", Breaker: breaker.Config{Consecutive: 1}, Retry: retry.Config{Idempotent: true, Faults: true, MinBackoff: 1, MaxBackoff: 1}},
		func(instance string) error {
			if instance == "10.0.0.2:80" {
				return errDown
			}
			return nil
		})
	for range 200 {
		if _, err := p.call(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	page := newPage(t, kitdebug.Config{Name: "shop", Version: "v7", Clients: []kitdebug.Client{p.client("addsvc")}})
	d := document(t, page, "")
	for _, want := range []struct {
		value any
		path  []any
	}{
		{1.0, []any{"schema"}},
		{"shop", []any{"process", "name"}},
		{"v7", []any{"process", "version"}},
		{"addsvc", []any{"clients", 0, "name"}},
		{"etcd://root:xxxxx@10.0.0.1:2379/addsvc", []any{"clients", 0, "target"}},
		{"fresh", []any{"clients", 0, "source", "state"}},
		{2.0, []any{"clients", 0, "source", "instances"}},
		{0.0, []any{"clients", 0, "source", "age_seconds"}},
		{map[string]any{"ready": 1.0, "guarded": 1.0}, []any{"clients", 0, "pool", "states"}},
		{map[string]any{"open": 1.0, "closed": 1.0}, []any{"clients", 0, "policies", "circuits"}},
		{2.0, []any{"clients", 0, "known"}},
		{2.0, []any{"clients", 0, "shown"}},
		{"10.0.0.2:80", []any{"clients", 0, "instances", 0, "id"}}, // first, since it is in trouble
		{"guarded", []any{"clients", 0, "instances", 0, "state"}},
		{true, []any{"clients", 0, "instances", 0, "trouble"}},
		{"eu-1", []any{"clients", 0, "instances", 0, "zone"}},
		{"canary", []any{"clients", 0, "instances", 0, "tags", 0}},
		{"open", []any{"clients", 0, "instances", 0, "breaker", "state"}},
		{1.0, []any{"clients", 0, "instances", 0, "node", "failures"}},
		{"listed", []any{"clients", 0, "instances", 1, "listed", "why"}},
		{"ready", []any{"clients", 0, "instances", 1, "state"}},
		{200.0, []any{"clients", 0, "instances", 1, "node", "calls"}},
		{1.0, []any{"clients", 0, "policies", "budget", "retries"}},
		{"10.0.0.1:80", []any{"clients", 0, "picks", 0, "chosen"}},
		{"adaptive", []any{"clients", 0, "picks", 0, "balancer"}},
		{"addsvc: 1 of 2 instances guarded, such as 10.0.0.2:80 (circuit open)", []any{"troubles", 0}},
	} {
		if diff := cmp.Diff(want.value, at(t, d, want.path...)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", want.path, diff)
		}
	}
	if stack, _ := at(t, d, "clients", 0, "stack").(string); stack != p.stack.String() {
		t.Errorf("the stack is drawn as\n%s", stack)
	}
	if cost, _ := at(t, d, "clients", 0, "instances", 1, "node", "cost").(float64); cost <= 0 {
		t.Errorf("cost %v", cost)
	}
	if picks := at(t, d, "clients", 0, "picks").([]any); len(picks) != 20 {
		t.Errorf("%d picks", len(picks))
	}

	html := get(t, page, "/debug/kit").Body.String()
	for _, want := range []string{"<title>shop: 1 in trouble</title>", "What is wrong", "1 <span class=\"guarded\">guarded</span>", "such as 10.0.0.2:80 (circuit open)", "why the last 20 calls went where they went"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestWhatTheProcessSays(t *testing.T) {
	ready, timeline := new(transport.Ready), new(transport.Timeline)
	server, err := middleware.Server(middleware.ServerConfig{Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	lost := registrar{sd.Lost, errors.New("put http://agent:hunter2@10.0.0.9: connection refused")}
	page := newPage(t, kitdebug.Config{
		Ready: ready, Timeline: timeline, Registrar: lost, Stack: server,
		Servers: []transport.Server{
			{Name: "http", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, Calls: func() uint64 { return 7 }},
			{Name: "grpc"},
		},
	})
	d := document(t, page, "")
	want := map[string]any{"ready": false, "why": "not ready"}
	if diff := cmp.Diff(want, at(t, d, "ready")); diff != "" {
		t.Error(diff)
	}
	want = map[string]any{"state": "lost", "id": "shop-1", "addr": "10.0.0.7:80", "error": "put http://xxxxx@10.0.0.9: connection refused"}
	if diff := cmp.Diff(want, at(t, d, "registration")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{map[string]any{"name": "http", "addr": "tcp 127.0.0.1:80", "calls": 7.0}, map[string]any{"name": "grpc"}}, at(t, d, "servers")); diff != "" {
		t.Error(diff)
	}
	if at(t, d, "stack") != server.String() || at(t, d, "lifecycle", "stopping") != false {
		t.Errorf("%v, %v", at(t, d, "stack"), at(t, d, "lifecycle"))
	}
	wrong := []any{"this process wants no calls: not ready", "this process is lost in its registry: put http://xxxxx@10.0.0.9: connection refused"}
	if diff := cmp.Diff(wrong, at(t, d, "troubles")); diff != "" {
		t.Error(diff)
	}
	ready.Set(true)
	if d := document(t, page, ""); at(t, d, "ready", "ready") != true {
		t.Errorf("%v", at(t, d, "ready"))
	}
	if html := get(t, page, "/debug/kit"); html.Code != 200 || strings.Contains(html.Body.String(), "hunter2") {
		t.Errorf("%d: %s", html.Code, html.Body)
	}
}

type registrar struct {
	state sd.RegistrarState
	err   error
}

func (r registrar) State() (sd.RegistrarState, error) { return r.state, r.err }
func (registrar) Instance() sd.Instance               { return sd.Instance{ID: "shop-1", Addr: "10.0.0.7:80"} }

func TestAnEmptyPage(t *testing.T) {
	page := newPage(t, kitdebug.Config{Clients: []kitdebug.Client{{Name: "addsvc"}}})
	d := document(t, page, "")
	if diff := cmp.Diff([]any{}, at(t, d, "troubles")); diff != "" {
		t.Error(diff)
	}
	html := get(t, page, "/debug/kit").Body.String()
	for _, want := range []string{"Nothing is wrong", "No instance is known"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// TestTheStatesOfAnInstance are the first reason why it does not get its share.
func TestTheStatesOfAnInstance(t *testing.T) {
	up := lb.NodeStats{Connected: true, Ready: true, Success: 1}
	with := func(f func(*lb.NodeStats)) lb.NodeStats { n := up; f(&n); return n }
	for want, n := range map[string]lb.NodeStats{
		"ready":       up,
		"warming":     with(func(n *lb.NodeStats) { n.SlowStart = 0.5 }),
		"guarded":     with(func(n *lb.NodeStats) { n.Ready = false }),
		"ejected":     with(func(n *lb.NodeStats) { n.Ejected, n.EjectedFor, n.Ready = 1, "latency", false }),
		"leaving":     with(func(n *lb.NodeStats) { n.Leaving, n.Ejected = true, 1 }),
		"draining":    with(func(n *lb.NodeStats) { n.State, n.Leaving = sd.Draining, true }),
		"critical":    with(func(n *lb.NodeStats) { n.State = sd.Critical }),
		"connecting":  {},
		"unreachable": {Err: errDown},
	} {
		n.Instance.ID = "a"
		page := newPage(t, kitdebug.Config{Clients: []kitdebug.Client{{Name: "addsvc", Pool: pool{&fake{nodes: []lb.NodeStats{n}}}}}})
		d := document(t, page, "")
		if got := at(t, d, "clients", 0, "instances", 0, "state"); got != want {
			t.Errorf("%v, want %s", got, want)
		}
		if got := at(t, d, "clients", 0, "pool", "states"); !cmp.Equal(got, any(map[string]any{want: 1.0})) {
			t.Errorf("%s: %v", want, got)
		}
		if w := get(t, page, "/debug/kit"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `class="state `+want+`"`) {
			t.Errorf("%s: %d", want, w.Code)
		}
	}
}

// TestManyInstances are bounded, and those in trouble are among the first.
func TestManyInstances(t *testing.T) {
	f := &fake{}
	for i := range 10_000 {
		in := sd.Instance{ID: fmt.Sprintf("addsvc-%05d", i), Addr: fmt.Sprintf("10.0.%d.%d:80", i/256, i%256)}
		f.explanation.Fates = append(f.explanation.Fates, sd.Fate{Instance: in, In: true, Why: "listed"})
		f.nodes = append(f.nodes, lb.NodeStats{Instance: in, Connected: true, Ready: i != 9000, Success: 1})
	}
	f.picks = []lb.Pick{{Candidates: make([]lb.Candidate, 10_000)}}
	page := newPage(t, kitdebug.Config{Clients: []kitdebug.Client{f.client("addsvc")}})
	w := get(t, page, "/debug/kit")
	if rows := strings.Count(w.Body.String(), `<td class="id">`); rows != 200 || w.Body.Len() > 200_000 || !strings.Contains(w.Body.String(), "200 of 10000, those in trouble first") {
		t.Errorf("%d rows in %d bytes", rows, w.Body.Len())
	}
	d := document(t, page, "")
	if at(t, d, "clients", 0, "instances", 0, "id") != "addsvc-09000" || at(t, d, "clients", 0, "known") != 10_000.0 || at(t, d, "clients", 0, "shown") != 200.0 {
		t.Errorf("%v", at(t, d, "clients", 0, "instances", 0))
	}
	if n := len(at(t, d, "clients", 0, "picks", 0, "candidates").([]any)); n != 10 || at(t, d, "clients", 0, "picks", 0, "more") != 9990.0 {
		t.Errorf("%d candidates", n)
	}
	d = document(t, page, "?all=1")
	if n := len(at(t, d, "clients", 0, "instances").([]any)); n != 10_000 {
		t.Errorf("%d instances with ?all=1", n)
	}
	if rows := strings.Count(get(t, page, "/debug/kit?all=1").Body.String(), `<td class="id">`); rows != 10_000 {
		t.Errorf("%d rows with ?all=1", rows)
	}
}

// TestWhatOthersChoose to be called does nothing to the page.
func TestWhatOthersChoose(t *testing.T) {
	const evil = `"><script>alert(1)</script>` + "\u202Egnp\x00\xff"
	in := sd.Instance{ID: evil, Addr: "javascript:alert(1)", Zone: evil, Version: evil, Tags: []string{evil}, Meta: map[string]string{sd.MetaStarted: evil}}
	f := &fake{
		explanation: sd.Explanation{Err: errors.New(evil + " token=s3cret"), Fates: []sd.Fate{{Instance: in, Why: evil}}},
		nodes:       []lb.NodeStats{{Instance: in, Err: errors.New(evil + strings.Repeat("ä", 1000)), EjectedFor: evil, Success: math.NaN(), SlowStart: math.Inf(1)}},
		picks:       []lb.Pick{{Balancer: evil, Chosen: evil, Err: errors.New(evil), Keyed: true, Key: 7, Candidates: []lb.Candidate{{ID: evil, Cost: math.NaN(), Success: math.NaN(), Excluded: evil}}}},
		stats:       middleware.ClientStats{Circuits: []breaker.Status{{Instance: evil}}},
		drawing:     evil,
	}
	page := newPage(t, kitdebug.Config{Name: evil, Version: evil, Clients: []kitdebug.Client{f.client(evil)}, Servers: []transport.Server{{Name: evil}}, Registrar: registrar{err: errors.New(evil)}, Stack: text(evil)})
	for _, path := range []string{"/debug/kit", "/debug/kit.json"} {
		body := get(t, page, path).Body.String()
		for _, bad := range []string{"<script", "\u202E", "\x00", "\xff", "s3cret"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
		if len(body) > 40_000 {
			t.Errorf("%s: %d bytes", path, len(body))
		}
	}
	document(t, page, "") // is JSON
}

type text string

func (t text) String() string { return string(t) }

// broken is a part that panics, whatever it is asked.
type broken struct{}

func (broken) Explain() sd.Explanation           { panic("oh: " + strings.Repeat("x", 10_000)) }
func (broken) Stats() middleware.ClientStats     { panic(errDown) }
func (broken) String() string                    { panic(errDown) }
func (broken) Nodes() []lb.NodeStats             { panic(errDown) }
func (broken) State() (sd.RegistrarState, error) { panic(errDown) }

// TestAPartThatPanics takes nothing else with it; so does a nil one that somebody
// took for a part.
func TestAPartThatPanics(t *testing.T) {
	fine := &fake{nodes: []lb.NodeStats{{Instance: sd.Instance{ID: "a"}, Connected: true, Ready: true}}}
	page := newPage(t, kitdebug.Config{
		Clients: []kitdebug.Client{
			{Name: "broken", Instances: broken{}, Pool: broken{}, Stack: broken{}},
			{Name: "nil", Instances: (*sd.Instancer)(nil), Pool: (*lb.Pool)(nil), Stack: (*middleware.ClientStack)(nil)},
			fine.client("fine"),
		},
		Servers:   []transport.Server{{Name: "http", Calls: func() uint64 { panic("oh") }}},
		Stack:     broken{},
		Registrar: broken{},
	})
	d := document(t, page, "")
	if at(t, d, "clients", 2, "instances", 0, "state") != "ready" {
		t.Errorf("%v", at(t, d, "clients", 2))
	}
	var failed []string
	for _, f := range at(t, d, "failed").([]any) {
		failed = append(failed, f.(map[string]any)["part"].(string))
	}
	want := []string{
		"registrar", "server http", "stack", "broken: instances", "broken: pool", "broken: stack",
		"nil: instances", "nil: pool", "nil: picks", "nil: stack",
	}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if w := get(t, page, "/debug/kit"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "broken: pool") || w.Body.Len() > 20_000 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	page.Read(func(string, float64, ...string) {})
}

func TestWhatARequestAsksFor(t *testing.T) {
	page := newPage(t, kitdebug.Config{})
	for _, tt := range []struct {
		url, accept string
		status      int
		has         string // in type or body
	}{
		{"/debug/kit", "", 200, "text/html"},
		{"/debug/kit", "text/html,application/xhtml+xml,application/json", 200, "text/html"},
		{"/debug/kit", "application/json", 200, "application/json"},
		{"/debug/kit.json", "text/html", 200, "application/json"},
		{"/debug/kit?format=json", "text/html", 200, "application/json"},
		{"/debug/kit.json?format=html", "", 200, "text/html"},
		{"/elsewhere?all=0", "", 200, "text/html"},
		{"/debug/kit?refresh=5", "", 200, `<meta http-equiv="refresh" content="5">`},
		{"/debug/kit?refresh=0", "", 200, "every 5 s"},
		{"/debug/kit?format=xml", "", 400, "kitdebug: format=xml: there are json and html"},
		{"/debug/kit?all=maybe", "", 400, "kitdebug: all=maybe: want 1 or 0"},
		{"/debug/kit?refresh=-1", "", 400, "kitdebug: refresh=-1: want seconds, from 1 to 3600"},
		{"/debug/kit?refresh=a", "", 400, "kitdebug: refresh=a"},
	} {
		w := get(t, page, tt.url, "Accept", tt.accept)
		if w.Code != tt.status || !strings.Contains(w.Header().Get("Content-Type")+w.Body.String(), tt.has) {
			t.Errorf("%s: %d %s %s", tt.url, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestOnlyReaders(t *testing.T) {
	page := newPage(t, kitdebug.Config{})
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "DELETE": 405, "OPTIONS": 405} {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost/debug/kit", http.NoBody)
		r.RemoteAddr = "[::1]:40000"
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		if w.Code != want || (want == 405) != (w.Header().Get("Allow") == "GET, HEAD") {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}

func TestHeaders(t *testing.T) {
	w := get(t, newPage(t, kitdebug.Config{}), "/debug/kit")
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy is %q, without %q", policy, want)
		}
	}
	for header, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin", "Content-Length": fmt.Sprint(w.Body.Len()),
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	for _, bad := range []string{"http://", "https://", "src=", "style=\"", "<script"} {
		if strings.Contains(w.Body.String(), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

// TestTheJSONIsDocumented: every name in it stands in the package's
// documentation.
func TestTheJSONIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(string(doc), func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
	known := map[string]bool{}
	for _, w := range words {
		known[w] = true
	}
	names := 0
	for name := range kitdebug.JSONNames() {
		names++
		if !known[name] {
			t.Errorf("doc.go says nothing of %q", name)
		}
	}
	if names < 50 {
		t.Errorf("only %d names: the test looks for the wrong thing", names)
	}
}

func TestValidate(t *testing.T) {
	h := http.NotFoundHandler()
	for want, cfg := range map[string]kitdebug.Config{
		"": {},
		"kitdebug: Config.Clients[0].Name is empty: give the name of the service it calls":      {Clients: []kitdebug.Client{{}}},
		`kitdebug: Config.Clients[1].Name is "a", as another's is: give each a name of its own`: {Clients: []kitdebug.Client{{Name: "a"}, {Name: "a"}}},
		"kitdebug: Config.Rows is -1: want how many, or 0 for 200":                              {Rows: -1},
		"kitdebug: Config.Picks is -1: want how many, or 0 for 20":                              {Picks: -1},
		`kitdebug: Config.Also["/metrics"] is nil: give a handler, or leave the pattern out`:    {Also: map[string]http.Handler{"/metrics": nil}},
		`kitdebug: Config.Also: pattern "/debug/kit"`:                                           {Also: map[string]http.Handler{"/debug/kit": h}},
		`kitdebug: Config.Also: parsing "GET": at offset 0: host/path missing /`:                {Also: map[string]http.Handler{"GET": h}},
	} {
		err := cfg.Validate()
		if got := fmt.Sprint(err); (want == "") != (err == nil) || err != nil && !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if p, err := kitdebug.New(cfg); (p == nil) != (err != nil) || (err != nil) != (want != "") {
			t.Errorf("%s: New = %v, %v", want, p, err)
		}
	}
}
