package etcd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/kitgen/kitgen/sd"
)

const testPrefix = "/kitgen/svc/"

func kv(id, value string, rev int64) *mvccpb.KeyValue {
	return &mvccpb.KeyValue{Key: []byte(testPrefix + id), Value: []byte(value), ModRevision: rev, Lease: 1}
}

// told publishes s and returns "id" or "id:state" of every instance.
func told(s *set) []string {
	var list []string
	s.publish(func(set []sd.Instance) {
		list = []string{}
		for _, in := range set {
			if name := nameOf(in.State); name != "" {
				in.ID += ":" + name
			}
			list = append(list, in.ID)
		}
	})
	return list
}

func emptySet() *set {
	return newSet(newRegistry(nil, "svc", Config{}), func(string) {}, func(map[string]error) {})
}

// replace takes in a complete list.
func (s *set) replace(kvs ...*mvccpb.KeyValue) {
	listed := map[string]bool{}
	for _, kv := range kvs {
		listed[string(kv.Key)] = true
		s.put(kv)
	}
	s.keep(listed)
}

func TestSetFollowsChanges(t *testing.T) {
	s := emptySet()
	s.put(kv("b", "h:1", 1))
	s.put(kv("a", "h:2", 2))
	expect(t, told(s), "a", "b")
	s.put(kv("a", `{"addr":"h:2","state":"warning"}`, 3))
	expect(t, told(s), "a:warning", "b")
	s.remove(testPrefix + "b")
	s.remove(testPrefix + "never-there")
	expect(t, told(s), "a:warning")
}

func TestSetIsDirtyOnlyAfterAChange(t *testing.T) {
	s := emptySet()
	s.put(kv("a", "h:1", 1))
	told(s)
	for what, f := range map[string]func(){
		"the same writing again":        func() { s.put(kv("a", "h:1", 1)) },
		"the same value, newly written": func() { s.put(kv("a", `{"v":1,"addr":"h:1"}`, 2)) },
		"a removal of nobody":           func() { s.remove(testPrefix + "x") },
	} {
		if f(); s.dirty {
			t.Errorf("%s made the set dirty", what)
		}
	}
	for what, f := range map[string]func(){
		"a bad value":   func() { s.put(kv("b", "?", 3)) },
		"a good value":  func() { s.put(kv("c", "h:1", 3)) },
		"a known leave": func() { s.remove(testPrefix + "a") },
	} {
		if f(); !s.dirty {
			t.Errorf("%s did not make the set dirty", what)
		}
		told(s)
	}
}

func TestSetShowsDrainingBeforeRemoval(t *testing.T) {
	s := emptySet()
	for _, id := range []string{"a", "b"} {
		s.put(kv(id, "h:1", 1))
	}
	told(s)
	s.put(kv("a", `{"addr":"h:1","state":"draining"}`, 2))
	s.remove(testPrefix + "a")
	expect(t, told(s), "a:draining", "b")
	if !s.dirty {
		t.Error("the removal is not a change any more")
	}
	expect(t, told(s), "b")
	if s.dirty {
		t.Error("there is a change left")
	}
}

func TestSetForgetsShownDrainingAtOnce(t *testing.T) {
	s := emptySet()
	s.put(kv("a", `{"addr":"h:1","state":"draining"}`, 1))
	expect(t, told(s), "a:draining")
	s.remove(testPrefix + "a")
	expect(t, told(s))
}

func TestSetTakesBackWhoReturns(t *testing.T) {
	s := emptySet()
	s.put(kv("a", `{"addr":"h:1","state":"draining"}`, 1))
	s.remove(testPrefix + "a")
	s.put(kv("a", "h:1", 3))
	expect(t, told(s), "a")
	expect(t, told(s), "a")
	// It drains once more: that has not been shown yet.
	s.put(kv("a", `{"addr":"h:1","state":"draining"}`, 4))
	s.remove(testPrefix + "a")
	expect(t, told(s), "a:draining")
	expect(t, told(s))
}

func TestSetKeepsLastGoodValue(t *testing.T) {
	s, refused := emptySet(), map[string]error{}
	s.refused = func(now map[string]error) { refused = now }
	s.put(kv("a", "h:1", 1))
	s.put(kv("a", "garbage", 2))
	s.put(kv("a", "garbage", 2))
	s.put(kv("b", "garbage", 3))
	s.put(kv("c/d", "h:1", 4))
	expect(t, told(s), "a")
	expect(t, slices.Sorted(maps.Keys(refused)), testPrefix+"c/d", "a", "b")
	if err := refused["a"]; err == nil || !strings.Contains(err.Error(), testPrefix+"a") {
		t.Errorf("a is refused for %v, which does not name its key", err)
	}
	s.put(kv("b", "h:2", 5))
	s.remove(testPrefix + "a")
	if !s.dirty {
		t.Error("nobody would be told")
	}
	expect(t, told(s), "b")
	expect(t, slices.Sorted(maps.Keys(refused)), testPrefix+"c/d")
}

func TestSetReplace(t *testing.T) {
	s := emptySet()
	for rev, id := range []string{"a", "b", "c"} {
		s.put(kv(id, "h:1", int64(rev+1)))
	}
	told(s)
	s.replace(kv("b", "h:1", 2), kv("c", "h:9", 5), kv("d", "h:1", 7))
	expect(t, told(s), "b", "c", "d")
}

func TestSetReplaceFromAnotherHistory(t *testing.T) {
	s := emptySet()
	s.put(kv("a", "h:1", 100))
	fresh := kv("a", "h:2", 100) // by chance at the same revision
	fresh.Lease = 2
	s.replace(fresh)
	var got []sd.Instance
	s.publish(func(set []sd.Instance) { got = set })
	if len(got) != 1 || got[0].Addr != "h:2" {
		t.Errorf("told %+v, want the new address", got)
	}
}

func TestPublisherGathersBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, got := emptySet(), &sink{}
		p := newPublisher(s, got.update)
		start := time.Now()
		var at []time.Duration
		p.update = func(set []sd.Instance) {
			got.update(set)
			at = append(at, time.Since(start))
		}
		s.put(kv("a", "h:1", 1))
		p.offer() // at once
		for rev := range 100 {
			s.put(kv(fmt.Sprint("x", rev), "h:1", int64(rev+2)))
			p.offer()
		}
		<-p.timer.C
		p.due()
		if !cmp.Equal(at, []time.Duration{0, gather(1)}) {
			t.Errorf("told at %v, want at once, and the burst together after %v", at, gather(1))
		}
		<-p.timer.C
		p.due() // nothing new
		s.remove(testPrefix + "a")
		p.offer() // at once again
		if len(at) != 3 || at[2] != gather(1)+gather(101) {
			t.Errorf("told at %v, want a third time after the quiet", at)
		}
	})
}

func TestPublisherNeverSkipsDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, got := emptySet(), &sink{}
		p := newPublisher(s, got.update)
		for i := range 50 {
			s.put(kv(fmt.Sprint("x", i), "h:1", int64(i)))
		}
		p.now()
		for i := range 50 { // all leave within one batch
			id := fmt.Sprint("x", i)
			s.put(kv(id, `{"addr":"h:1","state":"draining"}`, int64(100+i)))
			s.remove(testPrefix + id)
		}
		p.offer()
		for len(got.ids()) > 0 {
			<-p.timer.C
			p.due()
		}
		sets := got.all()
		if len(sets) != 3 {
			t.Fatalf("told %d sets, want three: all, all draining, none", len(sets))
		}
		for _, in := range sets[1] {
			if in.State != sd.Draining {
				t.Errorf("%s was not shown Draining", in.ID)
			}
		}
	})
}

func TestPublisherFlush(t *testing.T) {
	s, got := emptySet(), &sink{}
	p := newPublisher(s, got.update)
	defer p.timer.Stop()
	p.now()
	s.put(kv("a", `{"addr":"h:1","state":"draining"}`, 1))
	s.remove(testPrefix + "a")
	p.flush()
	if len(got.all()) != 3 || len(got.ids()) != 0 {
		t.Errorf("told %v, want [], draining, []", got.all())
	}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("told something else (-want +got):\n%s", diff)
	}
}

func BenchmarkPublish1000(b *testing.B) {
	s := emptySet()
	for i := range 1000 {
		s.put(kv(fmt.Sprintf("x%04d", i), "10.0.0.1:80", int64(i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.publish(func([]sd.Instance) {})
	}
}
