package stub

import (
	"math"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kitgen/kitgen/sd"
)

// report is an OrcaLoadReport as it is on the wire, with fields that nobody reads.
func report(cpu, application, rps, eps float64) []byte {
	var b []byte
	number := func(num protowire.Number, x float64) {
		b = protowire.AppendTag(b, num, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, math.Float64bits(x))
	}
	number(1, cpu)
	number(2, 0.3) // mem_utilization
	b = protowire.AppendTag(b, 3, protowire.VarintType)
	b = protowire.AppendVarint(b, 12) // rps, which is not in use any more
	b = protowire.AppendTag(b, 5, protowire.BytesType)
	b = protowire.AppendBytes(b, []byte("an entry of a map"))
	number(6, rps)
	number(7, eps)
	number(9, application)
	return b
}

func TestParseOrca(t *testing.T) {
	t.Parallel()
	r, ok := parseOrca(report(0.5, 0.25, 100, 10))
	if want := (orca{cpu: 0.5, application: 0.25, rps: 100, eps: 10}); !ok || r != want {
		t.Errorf("%+v, %v", r, ok)
	}
	for name, b := range map[string][]byte{
		"cut off":   report(1, 1, 1, 1)[:15],
		"text":      []byte("cpu=0.5"),
		"negative":  report(-1, 0, 1, 0),
		"no number": report(math.NaN(), 0, 1, 0),
		"infinite":  report(math.Inf(1), 0, 1, 0),
	} {
		if r, ok := parseOrca(b); ok {
			t.Errorf("%s: read as %+v", name, r)
		}
	}
}

func FuzzParseOrca(f *testing.F) {
	f.Add(report(0.5, 0.25, 100, 10))
	f.Add([]byte{0x09})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, ok := parseOrca(b); ok && !r.sane() {
			t.Errorf("%+v", r)
		}
	})
}

func TestWeightIsThatOfA58(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		r       orca
		penalty float64
		want    float64
	}{
		{orca{cpu: 0.5, rps: 100}, 1, 200},
		{orca{cpu: 0.5, application: 0.25, rps: 100}, 1, 400}, // the application knows better
		{orca{cpu: 0.5, rps: 100, eps: 50}, 1, 100},
		{orca{cpu: 0.5, rps: 100, eps: 50}, 0, 200},
		{orca{rps: 100}, 1, 0},
		{orca{cpu: 0.5}, 1, 0},
	} {
		if got := tt.r.weight(tt.penalty); got != tt.want {
			t.Errorf("%+v weighs %v, want %v", tt.r, got, tt.want)
		}
	}
}

func TestReportsCountForATime(t *testing.T) {
	t.Parallel()
	by := &reporting{penalty: 1, blackout: 10 * time.Second, expiration: time.Minute}
	var l loadReport
	if got := l.now(time.Now(), by); got != 0 {
		t.Errorf("without a report it weighs %v", got)
	}
	l.take(metadata.MD{orcaTrailer: {string(report(0.5, 0, 100, 0))}}, by)
	l.take(metadata.MD{orcaTrailer: {"nonsense"}}, by)
	l.take(metadata.MD{orcaTrailer: {string(report(0, 0, 100, 0))}}, by)
	l.take(nil, by)
	now := time.Now()
	for after, want := range map[time.Duration]float64{time.Second: 0, 11 * time.Second: 200, 59 * time.Second: 200} {
		if got := l.now(now.Add(after), by); got != want {
			t.Errorf("after %v it weighs %v, want %v", after, got, want)
		}
	}
	if got := l.now(now.Add(2*time.Minute), by); got != 0 {
		t.Errorf("after two minutes it weighs %v", got)
	}
	l.take(metadata.MD{orcaTrailer: {string(report(0.5, 0, 100, 0))}}, by)
	if got := l.now(time.Now(), by); got != 0 {
		t.Errorf("back again it weighs %v at once", got)
	}
}

func TestWeighed(t *testing.T) {
	t.Parallel()
	set := []sd.Instance{{ID: "a"}, {ID: "b", Weight: 2}, {ID: "c"}, {ID: "d", Weight: sd.MaxWeight}}
	got := weighed(set, map[string]float64{"a": 300, "b": 100})
	for i, want := range []int{150, 100, 100, sd.MaxWeight} {
		if got[i].Weight != want {
			t.Errorf("%s weighs %d, want %d", got[i].ID, got[i].Weight, want)
		}
	}
	if got := weighed(set, map[string]float64{"a": 300}); got[0].Weight != 0 || got[1].Weight != 2 {
		t.Errorf("one report alone changed weights: %v", got)
	}
}

// TestReportsAreForgotten when nobody asks for them any more.
func TestReportsAreForgotten(t *testing.T) {
	t.Parallel()
	k := kind{name: "round_robin"}
	asking, err := parsePolicy(k, []byte(`{"loadReports": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	b := newBalancer(nil, k)
	defer b.Close()
	b.feed.replace([]sd.Instance{{ID: "a", Addr: "a:1"}, {ID: "b", Addr: "b:1"}})
	b.adopt(balancer.ClientConnState{BalancerConfig: asking})
	b.feed.weigh(map[string]float64{"a": 300, "b": 100})
	b.adopt(balancer.ClientConnState{BalancerConfig: plain(k)})
	snap, _ := b.feed.Snapshot()
	for _, in := range snap.Instances {
		if in.Weight != 0 {
			t.Errorf("%s weighs %d, by a report", in.ID, in.Weight)
		}
	}
}
