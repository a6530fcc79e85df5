package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// script is a Consul that gives prepared answers to queries of a service, and
// none when they have run out.
type script struct {
	mu      sync.Mutex // guards the fields below
	answers []reply
	asked   []string // index asked for, "!" added if consistent
	waits   bool     // for a query that had no answer left
	self    reply    // to questions about the token
}

type reply struct {
	status int // 200 if zero
	index  string
	header map[string]string
	ids    string // of instances, one letter each
	body   string // instead of them
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1/acl/token/self") {
		s.self.write(w)
		return
	}
	if a, ok := s.next(r); ok {
		a.write(w)
		return
	}
	<-r.Context().Done()
}

func (s *script) next(r *http.Request) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := r.URL.Query().Get("index")
	if r.URL.Query().Has("consistent") {
		asked += "!"
	}
	s.asked = append(s.asked, asked)
	if len(s.answers) == 0 {
		s.waits = true
		return reply{}, false
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a, true
}

func (a reply) write(w http.ResponseWriter) {
	w.Header().Set("X-Consul-Index", a.index)
	w.Header().Set("X-Consul-Lastcontact", "0")
	for key, value := range a.header {
		w.Header().Set(key, value)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	if a.body != "" {
		_, _ = fmt.Fprint(w, a.body)
		return
	}
	var entries []string
	for _, id := range a.ids {
		entries = append(entries, fmt.Sprintf(`{"Node":{"Node":"n"},"Service":{"ID":"%c","Address":"h","Port":80}}`, id))
	}
	_, _ = fmt.Fprintf(w, "[%s]", strings.Join(entries, ","))
}

// play watches a Consul that gives these answers, and returns what was told and
// asked, and the error of the Watch. It ends when Watch waits for one more.
func play(t *testing.T, s *script) (told, asked []string, err error) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	seen, r := watch(t, NewWatcher(connect(t, strings.TrimPrefix(server.URL, "http://")), "svc", Config{}))
	eventually(t, "all answers were given", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return r.ended() || s.waits
	})
	err = r.stop()
	for _, set := range seen.all() {
		told = append(told, strings.Join(idsOf(set), ""))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return told, s.asked, err
}

func TestIndexRules(t *testing.T) {
	for _, tt := range []struct {
		name        string
		answers     []reply
		told, asked string
	}{
		{
			"a change is waited for",
			[]reply{{index: "5", ids: "a"}, {index: "7", ids: "ab"}, {index: "9", ids: "ab"}},
			"a ab", "! 5 7 9",
		}, {
			"an index that went backwards is not believed before the service was read anew",
			[]reply{{index: "50", ids: "ab"}, {index: "7", ids: "a"}, {index: "8", ids: "ab"}, {index: "9", ids: "abc"}},
			"ab abc", "! 50 ! 8 9",
		}, {
			"no index is 1, which waits",
			[]reply{{index: "0", ids: "a"}, {index: "abc", ids: "a"}, {index: "2", ids: "ab"}},
			"a ab", "! 1 ! 2",
		}, {
			"a second opinion that has somebody wins",
			[]reply{{index: "5", ids: "a"}, {index: "7"}, {index: "7", ids: "a"}, {index: "8", ids: "ab"}},
			"a ab", "! 5 ! 7 8",
		}, {
			"two empty answers count",
			[]reply{{index: "5", ids: "a"}, {index: "7"}, {index: "7"}, {index: "8", ids: "b"}},
			"a  b", "! 5 ! 7 8",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			told, asked, err := play(t, &script{answers: tt.answers})
			if got := strings.Join(told, " "); got != tt.told {
				t.Errorf("told %q, want %q", got, tt.told)
			}
			if got := strings.Join(asked, " "); got != tt.asked {
				t.Errorf("asked for %q, want %q", got, tt.asked)
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch = %v, want the end of its ctx", err)
			}
		})
	}
}

func TestBlindness(t *testing.T) {
	deny := map[string]string{"X-Consul-Default-ACL-Policy": "deny"}
	filtered := map[string]string{"X-Consul-Results-Filtered-By-ACLs": "true"}
	for _, tt := range []struct {
		name   string
		answer reply
		self   reply
		blind  bool
	}{
		{name: "filtered", answer: reply{index: "1", header: filtered}, blind: true},
		{name: "no token", answer: reply{index: "1", header: deny}, self: reply{status: 403, body: "ACL not found"}, blind: true},
		{name: "anonymous token", answer: reply{index: "1", header: deny}, self: reply{body: `{"AccessorID":"` + anonymous + `"}`}, blind: true},
		{name: "good token", answer: reply{index: "1", header: deny}, self: reply{body: `{"AccessorID":"x"}`}},
		{name: "allowed by default", answer: reply{index: "1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			told, _, err := play(t, &script{answers: []reply{tt.answer, tt.answer}, self: tt.self})
			if errors.Is(err, ErrBlind) != tt.blind {
				t.Errorf("Watch = %v, want ErrBlind: %v", err, tt.blind)
			}
			if tt.blind && (len(told) > 0 || !strings.Contains(err.Error(), "node_prefix")) {
				t.Errorf("told %q; the error is %v, want one that names the mend", told, err)
			}
			if !tt.blind && len(told) != 1 {
				t.Errorf("told %q, want nobody", told)
			}
		})
	}
}

func TestErrorsOfQueries(t *testing.T) {
	for name, answers := range map[string][]reply{
		"server error":           {{status: 500, body: "No cluster leader"}},
		"no JSON":                {{index: "1", body: "<html>a proxy's page</html>"}},
		"in the second opinion":  {{index: "1"}, {status: 500, body: "No cluster leader"}},
		"when asked about token": {{index: "1"}, {index: "1", header: map[string]string{"X-Consul-Default-ACL-Policy": "deny"}}},
	} {
		t.Run(name, func(t *testing.T) {
			told, _, err := play(t, &script{answers: answers, self: reply{status: 500, body: "No cluster leader"}})
			if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrBlind) {
				t.Errorf("Watch = %v, want what went wrong", err)
			}
			if len(told) > 0 {
				t.Errorf("told %q, want nothing", told)
			}
		})
	}
}

func TestViewTellsChangesOnly(t *testing.T) {
	var seen sink
	v := &view{update: seen.update, choose: everybody}
	v.show(nil)
	v.show(nil)
	if all := seen.all(); len(all) != 1 || all[0] == nil || len(all[0]) != 0 {
		t.Errorf("told %v, want one empty set", all)
	}
	body, err := (&Config{}).toConsul("svc", sd.Instance{ID: "a", Addr: "h:80"})
	if err != nil {
		t.Fatal(err)
	}
	v.show(instances([]*api.ServiceEntry{entryOf(body)}))
	v.show(instances([]*api.ServiceEntry{entryOf(body)}))
	if all := seen.all(); len(all) != 2 {
		t.Errorf("told %d sets, want 2", len(all))
	}
}
