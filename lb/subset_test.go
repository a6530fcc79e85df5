package lb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kitgen/kitgen/sd"
)

// snapOf returns a snapshot of connected instances, for those who only read.
func snapOf(all []sd.Instance) *snapshot {
	s := new(snapshot)
	for i := range all {
		sl := slot{in: &all[i], node: &node{id: all[i].ID}}
		s.all = append(s.all, sl)
		if all[i].State != sd.Critical {
			s.pickable = append(s.pickable, sl)
		}
	}
	return s
}

// ids returns who can be picked.
func ids(s *snapshot) []string {
	all := make([]string, len(s.pickable))
	for i := range s.pickable {
		all[i] = s.pickable[i].in.ID
	}
	return all
}

// lost returns how many of before are not in now.
func lost(before, now []string) int {
	n := 0
	for _, id := range before {
		if _, ok := slices.BinarySearch(now, id); !ok {
			n++
		}
	}
	return n
}

func instances(n int) []sd.Instance {
	all := at(letters(n)...)
	for i := range all {
		all[i].ID = fmt.Sprintf("%s-%x", all[i].ID, mix(uint64(i))) // as IDs are
	}
	return all
}

// kinds returns a subset of each kind, for the i-th client.
func kinds(i, size int) map[string]*subset {
	return map[string]*subset{
		"named":    {size: size, client: mix(hashKey(fmt.Sprint("client ", i)))},
		"numbered": {size: size, number: i + 1},
	}
}

// spread returns the standard deviation of how many of so many clients have an
// instance, and the most and the fewest, all by the mean.
func spread(kind string, clients, n, size int) (deviation, most, fewest float64) {
	s, has := snapOf(instances(n)), map[string]float64{}
	for i := range clients {
		for _, id := range ids(kinds(i, size)[kind].of(s)) {
			has[id]++
		}
	}
	mean, sum := float64(clients*size)/float64(n), 0.0
	most, fewest = 0, math.Inf(1)
	for i := range s.all {
		x := has[s.all[i].in.ID]
		sum += (x - mean) * (x - mean)
		most, fewest = max(most, x), min(fewest, x)
	}
	return math.Sqrt(sum/float64(n)) / mean, most / mean, fewest / mean
}

// The figures of Subset's comment. There is no chance in them: hashes are what
// they are.
func TestSubsetsUseInstancesAlike(t *testing.T) {
	for _, c := range []struct {
		clients, n, size int
		named, numbered  float64 // standard deviations, at most
	}{
		{30, 40, 10, 0.40, 0.25},
		{100, 100, 20, 0.25, 0.15},
		{1000, 100, 20, 0.08, 0.05},
		{300, 1000, 20, 0.45, 0.25},
		{1000, 1000, 20, 0.24, 0.12},
	} {
		for kind, want := range map[string]float64{"named": c.named, "numbered": c.numbered} {
			deviation, most, fewest := spread(kind, c.clients, c.n, c.size)
			binomial := math.Sqrt(float64(c.n-c.size) / float64(c.clients*c.size))
			t.Logf("%d %s clients of %d of %d: deviation %.3f (binomial %.3f), from %.2f to %.2f of the mean", c.clients, kind, c.size, c.n, deviation, binomial, fewest, most)
			if deviation > want {
				t.Errorf("%d %s clients of %d of %d: deviation %.3f of the mean, want at most %.3f", c.clients, kind, c.size, c.n, deviation, want)
			}
		}
	}
}

// One instance that comes or goes changes at most one member, and none if it was
// not one or does not become one.
func TestSubsetsChangeLittle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		for kind, c := range kinds(i, 10) {
			all := instances(200)
			before := ids(c.of(snapOf(all)))
			for range 100 {
				changed := slices.Clone(all)
				k := r.IntN(len(all))
				if r.IntN(2) == 0 && len(all) > 150 {
					changed = slices.Delete(changed, k, k+1)
				} else {
					id := fmt.Sprintf("n%x", r.Uint64())
					changed = append(changed, sd.Instance{ID: id, Addr: id})
					slices.SortFunc(changed, func(a, b sd.Instance) int { return strings.Compare(a.ID, b.ID) })
				}
				now := ids(c.of(snapOf(changed)))
				if len(now) != 10 {
					t.Fatalf("%s: %d members", kind, len(now))
				}
				had := len(changed) > len(all) // someone came
				if had {
					had = lost(now, before) > 0
				} else {
					_, had = slices.BinarySearch(before, all[k].ID)
				}
				if n := lost(before, now); n > 1 || n == 1 != had {
					t.Fatalf("%s: %d members changed, involved %v", kind, n, had)
				}
				all, before = changed, now
			}
		}
	}
}

// The length of rounds follows the size of the service, slowly.
func TestSubsetRounds(t *testing.T) {
	c := subset{size: 10, number: 1}
	for _, step := range []struct {
		n    int
		want uint
	}{{5, 0}, {20, 0}, {21, 1}, {40, 1}, {80, 3}, {100, 3}, {50, 3}, {160, 3}, {161, 4}, {85, 4}, {80, 4}, {79, 3}, {10000, 10}, {1, 0}} {
		if c.adapt(step.n); c.round != step.want {
			t.Errorf("%d instances: rounds of 2^%d, want 2^%d", step.n, c.round, step.want)
		}
	}
}

func TestSubsetOfAPool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(instances(50)...)
		p := start(t, src, new(fleet), PoolConfig{})
		v, err := Subset(p, SubsetConfig{Client: "me", Size: 5})
		if err != nil {
			t.Fatal(err)
		}
		members := v.Instances()
		if got := picks(t, Endpoint(NewRandom(v)), 500); len(got) != 5 || len(members) != 5 {
			t.Fatalf("%d members, of whom %d are picked, want 5", len(members), len(got))
		}
		again, _ := Subset(p, SubsetConfig{Client: "me", Size: 5})
		if lost(ids(v.current()), ids(again.current())) != 0 {
			t.Error("the same client has another subset")
		}

		// Who is about to leave, or fails its own check, is replaced.
		for i, state := range []sd.State{sd.Draining, sd.Critical} {
			all := instances(50)
			for k := range all {
				if all[k].ID == members[i].ID {
					all[k].State = state
				}
			}
			before := ids(v.current())
			src.set(all...)
			synctest.Wait()
			now := ids(v.current())
			if len(now) != 5 || slices.Contains(now, members[i].ID) {
				t.Errorf("with %s %v it has %v", members[i].ID, state, now)
			}
			if n := lost(before, now); n > 1+i {
				t.Errorf("%d members changed", n)
			}
		}

		// While there are too few, the critical fill it up, for a panic.
		few := instances(7)
		for k := range few[3:] {
			few[3+k].State = sd.Critical
		}
		src.set(few...)
		synctest.Wait()
		if s := v.current(); len(s.pickable) != 3 || len(s.all) != 5 {
			t.Errorf("of three and four critical it has %d and %d", len(s.pickable), len(s.all)-len(s.pickable))
		}
		src.set(instances(3)...)
		synctest.Wait()
		if n := len(v.Instances()); n != 3 {
			t.Errorf("of three it has %d", n)
		}
	})
}

func TestSubsetRefusals(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{})
	for _, c := range []struct {
		set  Set
		cfg  SubsetConfig
		want string
	}{
		{nil, SubsetConfig{Client: "me"}, "there is no set"},
		{p, SubsetConfig{}, "neither Client nor Number"},
		{p, SubsetConfig{Number: -1}, "Number is -1"},
		{p, SubsetConfig{Client: "me", Size: -5}, "Size is -5"},
	} {
		if _, err := Subset(c.set, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

func BenchmarkSubset(b *testing.B) {
	s := snapOf(instances(10000))
	for kind, c := range kinds(1, 20) {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				c.of(s)
			}
		})
	}
}
