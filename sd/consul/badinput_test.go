package consul

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// service is an entry with these fields of its Service.
func service(fields string) string {
	return `{"Node":{"Node":"n","Address":"10.1.1.1"},"Service":{` + fields + `}}`
}

// good is the entry that no bad one may hide.
var good = service(`"ID":"good","Address":"10.0.0.1","Port":80`)

// badEntries is what a catalogue may hold, by mistake or by malice.
func badEntries() map[string]string {
	long := strings.Repeat("x", 70_000)
	return map[string]string{
		"no address, none of the node": `{"Node":{"Node":"n"},"Service":{"ID":"bad","Port":80}}`,
		"no port":                      service(`"ID":"bad","Address":"h"`),
		"negative port":                service(`"ID":"bad","Address":"h","Port":-1`),
		"port beyond 65535":            service(`"ID":"bad","Address":"h","Port":65536`),
		"port as text":                 service(`"ID":"bad","Address":"h","Port":"80"`),
		"port of another type":         service(`"ID":"bad","Address":"h","Port":{}`),
		"unspecified address":          service(`"ID":"bad","Address":"0.0.0.0","Port":80`),
		"unspecified IPv6 address":     service(`"ID":"bad","Address":"::","Port":80`),
		"multicast":                    service(`"ID":"bad","Address":"224.0.0.1","Port":80`),
		"zone":                         service(`"ID":"bad","Address":"fe80::1%eth0","Port":80`),
		"space in host":                service(`"ID":"bad","Address":"a b","Port":80`),
		"newline in host":              service(`"ID":"bad","Address":"a\nb","Port":80`),
		"NUL in host":                  service(`"ID":"bad","Address":"a\u0000","Port":80`),
		"long host":                    service(`"ID":"bad","Address":"` + strings.Repeat("a.", 200) + `a","Port":80`),
		"international host":           service(`"ID":"bad","Address":"größe.example","Port":80`),
		"URL with credentials":         service(`"ID":"bad","Address":"http://u:p@h","Port":80`),
		"unix socket":                  service(`"ID":"bad","Address":"unix:/run/s","Port":80`),
		"file":                         service(`"ID":"bad","Address":"file:///etc/passwd","Port":80`),
		"passthrough":                  service(`"ID":"bad","Address":"passthrough:///h","Port":80`),
		"weight as text":               service(`"ID":"bad","Address":"h","Port":80,"Weights":{"Passing":"5"}`),
		"weight beyond all":            service(`"ID":"bad","Address":"h","Port":80,"Weights":{"Passing":1e308}`),
		"weight with a fraction":       service(`"ID":"bad","Address":"h","Port":80,"Weights":{"Passing":0.5}`),
		"weights null":                 service(`"ID":"fine","Address":"h","Port":80,"Weights":null`),
		"weight negative":              service(`"ID":"fine","Address":"h","Port":80,"Weights":{"Passing":-5,"Warning":-5}`),
		"weight beyond int32":          service(`"ID":"fine","Address":"h","Port":80,"Weights":{"Passing":9999999999}`),
		"64 KiB in a tag":              service(`"ID":"bad","Address":"h","Port":80,"Tags":["` + long + `"]`),
		"64 KiB of meta":               service(`"ID":"bad","Address":"h","Port":80,"Meta":{"k":"` + long + `"}`),
		"control characters in a tag":  service(`"ID":"bad","Address":"h","Port":80,"Tags":["a\r\nb"]`),
		"header in a meta key":         service(`"ID":"bad","Address":"h","Port":80,"Meta":{"a\r\nAuthorization":"x"}`),
		"long ID":                      service(`"ID":"` + strings.Repeat("x", 600) + `","Address":"h","Port":80`),
		"control characters in ID":     service(`"ID":"a\nb","Address":"h","Port":80`),
		"control characters in zone":   service(`"ID":"bad","Address":"h","Port":80,"Meta":{"zone":"a\nb"}`),
		"kept ID with a newline":       service(`"ID":"bad","Address":"h","Port":80,"Meta":{"instance-id":"a\nb"}`),
		"tags of another type":         service(`"ID":"bad","Address":"h","Port":80,"Tags":"blue"`),
		"meta of another type":         service(`"ID":"bad","Address":"h","Port":80,"Meta":{"k":1}`),
		"duration that is none":        `{"Node":{"Node":"n"},"Service":{"ID":"bad","Address":"h","Port":80},"Checks":[{"Definition":{"IntervalDuration":"often"}}]}`,
		"no service":                   `{"Node":{"Node":"n"}}`,
		"no node":                      `{"Service":{"ID":"bad","Address":"h","Port":80}}`,
		"null":                         `null`,
		"number":                       `7`,
		"empty":                        `{}`,
		"list":                         `[]`,
		"service is a list":            `{"Node":{},"Service":[]}`,
		"unknown status":               `{"Node":{"Node":"n"},"Service":{"ID":"ill","Address":"h","Port":80},"Checks":[{"Status":"","CheckID":"c"}]}`,
		"null check":                   `{"Node":{"Node":"n"},"Service":{"ID":"fine","Address":"h","Port":80},"Checks":[null]}`,
		"deep":                         strings.Repeat(`{"Service":`, 5000) + "1" + strings.Repeat("}", 5000),
	}
}

// One poisoned entry blocks nobody, whatever it is.
func TestBadEntriesBlockNobody(t *testing.T) {
	t.Parallel()
	for name, bad := range badEntries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := published(t, "["+bad+","+good+"]")
			ids := idsOf(set)
			if !slices.Contains(ids, "good") {
				t.Errorf("published are %v, without the good one", ids)
			}
			for _, in := range set {
				if err := in.Validate(); err != nil || !slices.Contains([]string{"good", "fine", "ill"}, in.ID) {
					t.Errorf("published is %+v: %v", in, err)
				}
				if (in.ID == "ill") != (in.State == sd.Critical) {
					t.Errorf("%s is %v", in.ID, in.State)
				}
			}
		})
	}
}

// published is what an Instancer makes of an answer of Consul.
func published(t *testing.T, answer string) []sd.Instance {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("index") != "" {
			<-r.Context().Done()
			return
		}
		reply{index: "7", body: answer}.write(w)
	}))
	defer server.Close()
	i := NewInstancer(connect(t, strings.TrimPrefix(server.URL, "http://")), "svc", Config{})
	defer i.Stop()
	eventually(t, "a set is published", func() bool { s, _ := i.Snapshot(); return s.Synced })
	s, _ := i.Snapshot()
	return s.Instances
}

func TestDuplicatesCountOnce(t *testing.T) {
	set := published(t, "["+good+","+good+","+service(`"ID":"other","Address":"10.0.0.1","Port":80`)+"]")
	if len(set) != 1 || set[0].ID != "good" || set[0].Weight != 1 {
		t.Errorf("published are %+v, want the address once, with its weight", set)
	}
}

func TestThousandTagsAreKept(t *testing.T) {
	set := published(t, "["+service(`"ID":"a","Address":"h","Port":80,"Tags":[`+strings.TrimSuffix(strings.Repeat(`"t",`, 1000), ",")+`]`)+"]")
	if len(set) != 1 || len(set[0].Tags) != 1000 {
		t.Errorf("published are %+v", set)
	}
}

// What was known of an entry that can no longer be read still counts.
func TestGarbledEntryKeepsWhatWasKnown(t *testing.T) {
	answers := make(chan string, 3)
	answers <- "[" + good + "]"
	answers <- "[" + strings.Replace(good, "80", `"80"`, 1) + "]" // to the query,
	answers <- "[" + strings.Replace(good, "80", `"80"`, 1) + "]" // and when it is read entry by entry
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case a := <-answers:
			reply{index: fmt.Sprint(9 - len(answers)), body: a}.write(w)
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	seen, r := watch(t, NewWatcher(connect(t, strings.TrimPrefix(server.URL, "http://")), "svc", Config{}))
	want(t, seen, sd.Instance{ID: "good", Addr: ":0", Weight: 1}) // listed, and nothing that anybody could use
	_ = r.stop()
}

func TestPagesAreNoLists(t *testing.T) {
	for name, answer := range map[string]string{"a web page": "<html>502</html>", "an object": "{}", "half a list": "[" + good, "text": `"x"`} {
		told, err := watchFor(t, func(*http.Request) (*http.Response, error) { return respond(200, "7", answer) }, Config{}, deadline)
		if err == nil || len(told) > 0 {
			t.Errorf("%s: Watch = %v and told %v", name, err, told)
		}
	}
}

func TestBadInstancesAreRefused(t *testing.T) {
	for _, tt := range []struct {
		in   sd.Instance
		says string
	}{
		{sd.Instance{Addr: "h:0"}, "65535"},
		{sd.Instance{Addr: "h:99999"}, "65535"},
		{sd.Instance{Addr: "0.0.0.0:80"}, "advertise"},
		{sd.Instance{Addr: "http://u:p@h:80"}, "host:port, without"},
		{sd.Instance{Addr: "fe80::1:80"}, "brackets"},
		{sd.Instance{Addr: "h:80", Weight: -1}, "weight"},
		{sd.Instance{Addr: "h:80", Weight: maxWeight + 1}, "65535"},
		{sd.Instance{Addr: "h:80", Meta: map[string]string{"a\r\nb": "x"}}, "control"},
		{sd.Instance{Addr: "h:80", ID: "a\x00"}, "control"},
	} {
		err := NewHolder(connect(t, "127.0.0.1:1"), "svc", Config{}).Hold(t.Context(), tt.in, nil)
		if !errors.Is(err, sd.ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Hold(%+v) = %v, want an sd.ErrInvalid that says %q", tt.in, err, tt.says)
		}
	}
}

// A service whose name begins alike is another.
func TestSiblingServiceIsNotSeen(t *testing.T) {
	f := newFixture(t)
	hold(t, NewHolder(f.client, "svc-admin", Config{}), instance("x"))
	hold(t, f.holder, instance("a"))
	want(t, f.seen, instance("a"))
}

// FuzzInstances decodes what a catalogue may hold: nothing panics, and each
// entry is either an instance that can be called, or one that sd refuses with a
// reason.
func FuzzInstances(f *testing.F) {
	for _, bad := range badEntries() {
		if len(bad) < 4<<10 {
			f.Add([]byte("[" + bad + "," + good + "]"))
		}
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var list []json.RawMessage
		if json.Unmarshal(answer, &list) != nil {
			return // an error of Watch
		}
		var entries []*api.ServiceEntry
		for _, raw := range list {
			if e := decode(raw); e != nil {
				entries = append(entries, e)
			}
		}
		if whole := []*api.ServiceEntry(nil); json.Unmarshal(answer, &whole) == nil {
			if a, b := everybody(instances(whole)), everybody(instances(entries)); !slices.EqualFunc(a, b, same) {
				t.Fatalf("read at once it is %v, one by one %v", a, b)
			}
		}
		set := (&registry{cfg: Config{Limit: 3}}).choose(instances(entries))
		for i, in := range set {
			if err := in.Validate(); err != nil && !errors.Is(err, sd.ErrInvalid) {
				t.Fatalf("%+v: %v", in, err)
			}
			if i > 0 && set[i-1].ID >= in.ID {
				t.Fatalf("%q stands before %q", set[i-1].ID, in.ID)
			}
		}
	})
}
