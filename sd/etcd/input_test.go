package etcd

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/go-kit/log"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

// poison is what somebody may write into etcd and no program should stumble
// over: the key behind the prefix, the value, and what it is counted as.
func poison() []struct{ what, key, value, reason string } {
	addr := func(a string) string { return fmt.Sprintf(`{"addr":%q}`, a) }
	pairs := make([]string, 5000)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(`"k%d":"vvvvvvvvvv"`, i)
	}
	return []struct{ what, key, value, reason string }{
		{"no JSON", "p", `{"addr":`, "syntax"},
		{"half of another value", "p", `{"addr":"h:80"}{`, "syntax"},
		{"null", "p", "null", "instance"},
		{"an array", "p", `["h:80"]`, "instance"},
		{"a number", "p", "8080", "instance"},
		{"an empty object", "p", "{}", "instance"},
		{"nothing", "p", "", "instance"},
		{"a name twice", "p", `{"addr":"h:80","addr":"g:80"}`, "syntax"},
		{"a name twice, in two spellings", "p", `{"addr":"h:80","Addr":"g:80"}`, "syntax"},
		{"a name twice, in strange letters", "p", `{"tags":["a"],"tagſ":["b"],"addr":"h:80"}`, "syntax"},
		{"a later version", "p", `{"v":2,"addr":"h:80"}`, "version"},
		{"a version below any", "p", `{"v":-1,"addr":"h:80"}`, "version"},
		{"no address", "p", addr(""), "instance"},
		{"port 0", "p", addr("h:0"), "instance"},
		{"a negative port", "p", addr("h:-1"), "instance"},
		{"a port too large", "p", addr("h:65536"), "instance"},
		{"a port that is a name", "p", addr("h:http"), "instance"},
		{"every address", "p", addr("0.0.0.0:80"), "instance"},
		{"every address, in IPv6", "p", addr("[::]:80"), "instance"},
		{"a multicast address", "p", addr("224.0.0.1:80"), "instance"},
		{"IPv6 without brackets", "p", addr("2001:db8::1:80"), "instance"},
		{"a zone", "p", addr("[fe80::1%eth0]:80"), "instance"},
		{"a space in a host", "p", addr("h h:80"), "instance"},
		{"a line break in a host", "p", addr("h\nx:80"), "instance"},
		{"a NUL in a host", "p", `{"addr":"h\u0000:80"}`, "instance"},
		{"a host too long", "p", addr(strings.Repeat("h.", 130) + "h:80"), "instance"},
		{"an international name", "p", addr("größe.example:80"), "instance"},
		{"a URL", "p", addr("http://h:80"), "instance"},
		{"a URL with credentials", "p", "http://user:secret@h:80", "instance"},
		{"a bare URL with a path", "p", "http://h:80/x", "instance"},
		{"a socket", "p", "unix:/run/x.sock", "instance"},
		{"a resolver of gRPC", "p", "passthrough:///h:80", "instance"},
		{"a negative weight", "p", `{"addr":"h:80","weight":-1}`, "instance"},
		{"a weight in a string", "p", `{"addr":"h:80","weight":"5"}`, "syntax"},
		{"a weight that is no number", "p", `{"addr":"h:80","weight":NaN}`, "syntax"},
		{"an infinite weight", "p", `{"addr":"h:80","weight":1e999}`, "syntax"},
		{"a huge weight", "p", `{"addr":"h:80","weight":1e308}`, "syntax"},
		{"a value of 65 KiB", "p", addr("h:80") + strings.Repeat(" ", 64<<10), "size"},
		{"a value of a megabyte", "p", strings.Repeat("x", 1<<20), "size"},
		{"a value that is not UTF-8", "p", "{\"addr\":\"h:80\",\"zone\":\"\xff\n\"}", "syntax"},
		{"an address that is not UTF-8", "p", "\xff\xfe:80", "instance"},
		{"a key that is not UTF-8", "%ff", "h:80", "instance"},
		{"deep nesting", "p", `{"x":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + "}", "syntax"},
		{"more metadata than is read", "p", `{"addr":"h:80","meta":{` + strings.Join(pairs, ",") + "}}", "size"},
		{"a line break in a tag", "p", `{"addr":"h:80","tags":["a\r\nb"]}`, "instance"},
		{"a line break in a meta key", "p", `{"addr":"h:80","meta":{"a\r\nx":"b"}}`, "instance"},
		{"an unknown state", "p", `{"addr":"h:80","state":"asleep"}`, "instance"},
		{"no segment", "", "h:80", "key"},
		{"two segments", "p/q", "h:80", "key"},
		{"an empty segment", "p/", "h:80", "key"},
		{"a way up", "../p", "h:80", "key"},
		{"no escape", "%zz", "h:80", "key"},
		{"an ID too long", strings.Repeat("i", 600), "h:80", "instance"},
		{"naming, of no address", "p", `{"Op":0,"Addr":"","Metadata":"{\"v\":1,\"addr\":\"h:80\"}"}`, "instance"},
		{"naming, of a later version", "p", `{"Op":0,"Addr":"h:80","Metadata":"{\"v\":9}"}`, "version"},
	}
}

// One bad entry is left out, counted, told once, and troubles nobody else: in a
// list, and in an event.
func TestPoisonIsQuarantined(t *testing.T) {
	f := newFixture(t)
	f.put(f.key("good"), "10.0.0.1:80")
	var buf syncBuffer
	w := NewWatcher(f.client, "svc", Config{Logger: log.NewLogfmtLogger(&buf)})
	seen, _ := watch(t, w)
	want(t, seen, sd.Instance{ID: "good", Addr: "10.0.0.1:80"})
	total := map[string]int64{}
	for n, tt := range poison() {
		f.put(f.holder.prefix+tt.key, tt.value)
		total[tt.reason]++
		eventually(t, tt.what+" is counted as "+tt.reason, func() bool { return maps.Equal(w.Stats().Quarantined, total) && len(w.Refused()) == 1 })
		for id, err := range w.Refused() {
			if text := err.Error(); len(text) > 1000 || strings.Contains(text, "secret") {
				t.Errorf("%.100q is refused for %.1200q", id, text)
			}
		}
		other := NewWatcher(f.client, "svc", Config{})
		listed, r := watch(t, other)
		want(t, listed, sd.Instance{ID: "good", Addr: "10.0.0.1:80"})
		if got := other.Stats().Quarantined; got[tt.reason] != 1 || len(got) != 1 {
			t.Errorf("%s: the list counts %v, want one of %s", tt.what, got, tt.reason)
		}
		_ = r.stop()
		if _, err := f.client.Delete(t.Context(), f.holder.prefix+tt.key); err != nil {
			t.Fatal(err)
		}
		f.put(f.key("good"), fmt.Sprintf(`{"addr":"10.0.0.1:80","weight":%d}`, n+2))
		want(t, seen, sd.Instance{ID: "good", Addr: "10.0.0.1:80", Weight: n + 2})
		f.put(f.key("good"), "10.0.0.1:80")
	}
	if buf.String() != "" {
		t.Errorf("logged, which is for the Instancer to do: %s", &buf)
	}
}

func TestWhatIsReadThoughItIsOdd(t *testing.T) {
	for value, want := range map[string]sd.Instance{
		`{"addr":"h:80","weight":2147483648}`:                       {ID: "id", Addr: "h:80", Weight: sd.MaxWeight},
		`{"addr":"h:80","Metadata":"{\"v\":0,\"weight\":3}"}`:       {ID: "id", Addr: "h:80"},
		`{"Addr":"h:80","Metadata":"free text"}`:                    {ID: "id", Addr: "h:80"},
		`{"Addr":"h:80","Metadata":"{"}`:                            {ID: "id", Addr: "h:80"},
		`{"addr":"h:80","id":"other"}`:                              {ID: "id", Addr: "h:80"},
		`{"addr":"h:80","meta":{":path":"/x","Authorization":"y"}}`: {ID: "id", Addr: "h:80", Meta: map[string]string{":path": "/x", "Authorization": "y"}},
	} {
		got, err := decode("id", []byte(value))
		if err != nil || !same(got, want) {
			t.Errorf("decode(%s) = %+v, %v; want %+v", value, got, err, want)
		}
	}
}

// Events come in any shape and order.
func TestStrangeEvents(t *testing.T) {
	f := testFollower(t, NewWatcher(connect(t, "127.0.0.1:1"), "svc", Config{}), &sink{})
	put := func(id, addr string, rev int64) *mvccpb.Event { return &mvccpb.Event{Kv: kv(id, addr, rev)} }
	gone := func(id string, rev int64) *mvccpb.Event {
		return &mvccpb.Event{Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{Key: []byte(testPrefix + id), ModRevision: rev}}
	}
	f.rev = 5
	for _, events := range [][]*mvccpb.Event{
		{{}, {Type: mvccpb.DELETE}},                            // of nothing
		{gone("never-there", 6), gone("a", 7)},                 // of nobody
		{put("a", "h:1", 5)},                                   // older than the list
		{put("a", "h:9", 9), put("a", "h:8", 8), gone("a", 7)}, // the wrong way round
		{put("b", "h:2", 10), gone("b", 11), {Kv: nil}},        // with nothing at the end
		{put("c", "h:3", 11)},                                  // what was told before
		{{Kv: &mvccpb.KeyValue{Key: []byte("/else/where"), Value: []byte("h:1"), ModRevision: 12}}},
	} {
		f.apply(&pb.WatchResponse{Header: &pb.ResponseHeader{Revision: 20}, Events: events})
	}
	expect(t, told(f.set), "a")
	if in := f.set.entries[len(f.set.entries)-1].in; in.Addr != "h:9" || f.rev != 12 {
		t.Errorf("a is at %s, revision %d; want h:9 and 12", in.Addr, f.rev)
	}
}

func TestValuesTogetherAreBounded(t *testing.T) {
	s, reasons := emptySet(), map[string]int{}
	s.quarantined = func(reason string) { reasons[reason]++ }
	value := `{"addr":"h:80"}` + strings.Repeat(" ", 60<<10)
	n := maxService / len(value)
	for i := range n + 5 {
		s.put(kv(fmt.Sprint("x", i), value, int64(i+1)))
	}
	if got := len(told(s)); got != n || reasons["total"] != 5 {
		t.Errorf("%d of %d are read, %v", got, n, reasons)
	}
	s.remove(testPrefix + "x0")
	s.put(kv("late", value, 10_000))
	if got := len(told(s)); got != n || s.size != n*len(value) {
		t.Errorf("after one has gone, %d of %d are read, %d bytes", got, n, s.size)
	}
	for i := range n {
		s.remove(testPrefix + fmt.Sprint("x", i))
	}
	s.remove(testPrefix + "late")
	if s.size != 0 {
		t.Errorf("%d bytes are nobody's", s.size)
	}
}

// A client that takes small messages only reads in smaller pages.
func TestPagesShrinkToWhatTheClientTakes(t *testing.T) {
	f := newFixture(t)
	value := `{"addr":"10.0.0.1:80","zone":"` + strings.Repeat("z", 4000) + `"}`
	for i := range 40 {
		f.put(f.key(fmt.Sprint("x", i)), value)
	}
	small := connect(t, f.etcd.Endpoint(), func(cfg *clientv3.Config) { cfg.MaxCallRecvMsgSize, cfg.MaxCallSendMsgSize = 20_000, 10_000 })
	seen, _ := watch(t, NewWatcher(small, "svc", Config{}))
	eventually(t, "all are listed", func() bool { return len(seen.ids()) == 40 })
}
