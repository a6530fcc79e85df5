package lb

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/sd"
)

// SplitConfig configures a Split.
type SplitConfig struct {
	Parts []Part
}

// Part is instances that get a part of the calls, such as those of a version
// that is tried out.
type Part struct {
	Name    string                 // for people, and for keys: under another name, other callers are in the part
	Percent float64                // of all calls, from 0 to 100; all parts together at most 100
	Keep    func(sd.Instance) bool // which instances: Version, Tag, Zone or any other; of several parts that keep one, the first has it
}

// Split gives each part of a set its percentage of the calls, whatever number of
// instances it has: canaries, blue and green, experiments. The rest of the calls
// goes to the instances that no part keeps, as with Envoy's weighted clusters. So
// instances of a part with 0 percent get none: they can be there before it begins.
//
// Calls that have a key, see WithKey, are divided by it, in every process alike:
// the callers of a part stay in it while its percentage grows, and so do those
// of the parts before it in the list. Calls without a key are divided by chance.
//
// While a part has nobody who is ready, and that was not tried by the call, its
// calls go to the rest, or else to the other parts in their order: no call fails
// for the sake of a percentage. It is safe for concurrent use.
type Split struct {
	decorator
	branches []branch // the parts, and last the rest

	mu    sync.Mutex // held by SetPercent, from reading chances to writing them
	parts []Part     // guarded by mu, but for what SetPercent does not change

	chances atomic.Pointer[[]float64] // of each part, to get a call that no part before it gets
}

type branch struct {
	name string // in explanations
	salt uint64
	part part
}

var _ kitlb.Balancer = (*Split)(nil)

// NewSplit returns a balancer that splits set into parts, each with a balancer
// that policy makes: adaptive if nil. The error says what to mend in the parts.
func NewSplit(set Set, cfg SplitConfig, policy Policy) (*Split, error) {
	if set == nil {
		return nil, errNoSet
	}
	parts := append([]Part(nil), cfg.Parts...)
	if err := checkParts(parts); err != nil {
		return nil, err
	}
	b := &Split{parts: parts}
	b.decorator = decorator{set: set, name: "split", parts: b}
	for i := range len(parts) + 1 {
		name, what := "rest", "in no part of the split"
		if i < len(parts) {
			name = fmt.Sprintf("part %q", parts[i].Name)
			what = "in " + name
		}
		own, err := partOf(Where(set, what, only(parts, i)), policy)
		if err != nil {
			return nil, err
		}
		b.branches = append(b.branches, branch{name, hashKey(name), own})
	}
	b.divide(parts)
	return b, nil
}

// only returns the Keep of the i-th part without those before it, and of the
// rest if there are not so many.
func only(parts []Part, i int) func(sd.Instance) bool {
	return func(in sd.Instance) bool {
		for k := range i {
			if parts[k].Keep(in) {
				return false
			}
		}
		return i == len(parts) || parts[i].Keep(in)
	}
}

func checkParts(parts []Part) error {
	if len(parts) == 0 {
		return errors.New("lb: the split has no parts: name at least one, such as {Name: \"canary\", Percent: 5, Keep: lb.Tag(\"canary\")}")
	}
	names := map[string]bool{}
	for i, p := range parts {
		switch {
		case p.Name == "":
			return fmt.Errorf("lb: part %d of the split has no name: give it one", i+1)
		case names[p.Name]:
			return fmt.Errorf("lb: two parts of the split are called %q: rename one, or have one Keep for both", p.Name)
		case p.Keep == nil:
			return fmt.Errorf("lb: part %q of the split keeps nothing (nil): say which instances, such as lb.Version(\"v2\")", p.Name)
		}
		names[p.Name] = true
	}
	return checkPercents(parts)
}

func checkPercents(parts []Part) error {
	sum := 0.0
	for _, p := range parts {
		if !(p.Percent >= 0 && p.Percent <= 100) { // so that NaN is wrong too
			return fmt.Errorf("lb: part %q of the split has %v percent: give a number from 0 to 100", p.Name, p.Percent)
		}
		sum += p.Percent
	}
	if sum > 100+1e-9 { // 33.4 + 33.3 + 33.3 is a little more than 100
		return fmt.Errorf("lb: the parts of the split have %v percent together: lower one, so that they have at most 100", math.Round(sum*1e6)/1e6)
	}
	return nil
}

// SetPercent changes the percentage of a part, from the next pick on. It returns
// an error, and changes nothing, if there is no such part or all would have more
// than 100 together.
func (b *Split) SetPercent(name string, percent float64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts := append([]Part(nil), b.parts...)
	for i := range parts {
		if parts[i].Name == name {
			parts[i].Percent = percent
			if err := checkPercents(parts); err != nil {
				return err
			}
			b.divide(parts)
			return nil
		}
	}
	return fmt.Errorf("lb: the split has no part %q: name one of those in SplitConfig", name)
}

// divide makes the percentages those of parts. The parts are asked in turn, each
// with a chance that leaves it the right share of the whole, and each with a hash
// of the key that is its own: so who is in a part does not depend on those behind
// it.
func (b *Split) divide(parts []Part) {
	chances, left := make([]float64, len(parts)), 100.0
	for i, p := range parts {
		if left > 0 {
			chances[i] = p.Percent / left
		}
		left -= p.Percent
	}
	b.parts = parts
	b.chances.Store(&chances)
}

// which returns the branch of a call.
func (b *Split) which(w want) int {
	chances := *b.chances.Load()
	r := dice{}
	if !w.keyed {
		r = b.set.root().dice()
	}
	for i, chance := range chances {
		var luck float64
		if w.keyed {
			luck = fraction(mix(w.key ^ b.branches[i].salt))
		} else {
			luck = r.fraction()
		}
		if luck < chance {
			return i
		}
	}
	return len(chances)
}

func (b *Split) try(w want) *slot {
	first := b.which(w)
	if sl := b.from(first, w); sl != nil {
		return sl
	}
	rest := len(b.branches) - 1
	for k := range b.branches { // the rest, then the others
		i := (k + rest) % len(b.branches)
		if i == first {
			continue
		}
		w.trace.begin()
		if sl := b.from(i, w); sl != nil {
			return sl
		}
	}
	return nil
}

func (b *Split) from(i int, w want) *slot {
	sl := b.branches[i].part.try(w)
	w.trace.via(b.branches[i].name)
	return sl
}
