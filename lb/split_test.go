package lb

import (
	"fmt"
	"math"
	"strings"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/sd"
)

// versions returns how often each version answers n calls, keyed if key is there.
func versions(t *testing.T, b kitlb.Balancer, n int, key func(int) string) map[string]int {
	t.Helper()
	call, got := Endpoint(b), map[string]int{}
	for i := range n {
		ctx := t.Context()
		if key != nil {
			ctx = WithKey(ctx, key(i))
		}
		who, err := call(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		got[who.(string)[:1]]++
	}
	return got
}

func user(i int) string { return fmt.Sprint("user ", i) }

func newSplit(t *testing.T, set Set, policy Policy, parts ...Part) *Split {
	t.Helper()
	b, err := NewSplit(set, SplitConfig{Parts: parts}, policy)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func random(s Set) kitlb.Balancer { return NewRandom(s) }

// within fails unless got is the share of n, to five standard deviations.
func within(t *testing.T, what string, got, n int, share float64) {
	t.Helper()
	if off := math.Abs(float64(got) - share*float64(n)); off > 5*math.Sqrt(float64(n)*share*(1-share))+1e-9 {
		t.Errorf("%s: %d of %d, want a share of %.3f", what, got, n, share)
	}
}

// The percentages are of calls, whatever the number of instances.
func TestSplitByPercent(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{}, append(append(inZone("a", 1), inZone("b", 5)...), inZone("c", 3)...)...)
	for _, key := range []func(int) string{nil, user} {
		const n = 20000
		for _, c := range []struct{ a, b float64 }{{5, 30}, {0, 0}, {50, 50}, {0.5, 99}, {100, 0}, {0, 100}, {33.4, 33.3}} {
			b := newSplit(t, p, random, Part{"a", c.a, Zone("a")}, Part{"b", c.b, Version("v-b")})
			got := versions(t, b, n, key)
			within(t, "a", got["a"], n, c.a/100)
			within(t, "b", got["b"], n, c.b/100)
			within(t, "rest", got["c"], n, max(0, 100-c.a-c.b)/100)
		}
	}
}

// A caller who has seen the new version goes on seeing it.
func TestSplitKeepsCallersWhileAPartGrows(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{}, append(append(inZone("a", 2), inZone("b", 2)...), inZone("c", 2)...)...)
	b := newSplit(t, p, nil, Part{"first", 10, Tag("tag-a")}, Part{"canary", 0, Tag("tag-b")})
	where := func(i int) string { return onlyVersion(t, versions(t, b, 3, func(int) string { return user(i) })) }
	const n = 1000
	before := make([]string, n)
	for i := range before {
		before[i] = where(i)
	}
	for _, percent := range []float64{1, 5, 20, 50, 90} {
		if err := b.SetPercent("canary", percent); err != nil {
			t.Fatal(err)
		}
		in := 0
		for i, was := range before {
			now := where(i)
			if now != was && now != "b" {
				t.Fatalf("at %v %% caller %d moved from %s to %s", percent, i, was, now)
			}
			if before[i] = now; now == "b" {
				in++
			}
		}
		within(t, fmt.Sprint("canary at ", percent), in, n, percent/100)
	}
}

func onlyVersion(t *testing.T, got map[string]int) string {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("one caller came to %v", got)
	}
	for version := range got {
		return version
	}
	return ""
}

func TestSplitFallsBack(t *testing.T) {
	var g switches
	p := pooled(t, new(fleet), PoolConfig{Guard: g.guard}, append(append(inZone("a", 1), inZone("b", 2)...), inZone("c", 2)...)...)
	b := newSplit(t, p, random, Part{"a", 50, Zone("a")}, Part{"b", 0, Zone("b")})
	for _, c := range []struct {
		shut []string
		want string
	}{
		{nil, "ac"},
		{[]string{"a0"}, "c"},              // to the rest
		{[]string{"c0", "c1"}, "a"},        // the rest's, to the first part there is
		{[]string{"a0", "c0", "c1"}, "b"},  // who gets none otherwise
		{[]string{"a0", "b0", "c0"}, "c"},  // never past a guard
		{[]string{"c0", "b0", "b1"}, "ac"}, // within a part, whoever is left
	} {
		g.set(c.shut...)
		got := versions(t, b, 1000, nil)
		var seen strings.Builder
		for _, v := range []string{"a", "b", "c"} {
			if got[v] > 0 {
				seen.WriteString(v)
			}
		}
		if seen.String() != c.want {
			t.Errorf("without %v the calls went to %v, want %s", c.shut, got, c.want)
		}
	}
}

// An instance that two parts keep is in the first.
func TestSplitPartsDoNotOverlap(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{}, append(inZone("a", 1), inZone("b", 1)...)...)
	everybody := func(sd.Instance) bool { return true }
	b := newSplit(t, p, random, Part{"a", 50, Zone("a")}, Part{"all", 50, everybody})
	got := versions(t, b, 10000, nil)
	within(t, "a", got["a"], 10000, 0.5)
}

func TestSplitRefusals(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{})
	for _, c := range []struct {
		want  string
		parts []Part
	}{
		{"has no parts", nil},
		{"part 1 of the split has no name", []Part{{"", 1, Zone("a")}}},
		{`two parts of the split are called "x"`, []Part{{"x", 1, Zone("a")}, {"x", 1, Zone("b")}}},
		{`part "x" of the split keeps nothing`, []Part{{"x", 1, nil}}},
		{`part "x" of the split has -1 percent`, []Part{{"x", -1, Zone("a")}}},
		{`part "x" of the split has NaN percent`, []Part{{"x", math.NaN(), Zone("a")}}},
		{`part "x" of the split has +Inf percent`, []Part{{"x", math.Inf(1), Zone("a")}}},
		{"have 120 percent together", []Part{{"x", 60, Zone("a")}, {"y", 60, Zone("b")}}},
	} {
		if _, err := NewSplit(p, SplitConfig{Parts: c.parts}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	b := newSplit(t, p, nil, Part{"x", 60, Zone("a")}, Part{"y", 40, Zone("b")})
	for want, err := range map[string]error{
		`has no part "z"`:           b.SetPercent("z", 1),
		"have 101 percent together": b.SetPercent("x", 61),
		"has NaN percent":           b.SetPercent("x", math.NaN()),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	newSplit(t, p, nil, Part{"x", 33.4, Zone("a")}, Part{"y", 33.3, Zone("b")}, Part{"z", 33.3, Zone("c")})
}
