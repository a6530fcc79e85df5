package sd

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestProtectionNext: whoever sleeps until next and then advances sees exactly
// what one who advances all the time sees.
func TestProtectionNext(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 7))
		lazy, eager := &protector{holdFor: time.Minute}, &protector{holdFor: time.Minute}
		now := time.Unix(0, 0)
		var alarm time.Time
		for range 30 {
			until := now.Add(time.Duration(rng.Int64N(int64(20 * time.Second))))
			for now.Before(until) {
				now = now.Add(100 * time.Millisecond)
				eager.advance(now)
				if !alarm.IsZero() && !now.Before(alarm) {
					lazy.advance(now)
					alarm, _ = lazy.next()
				}
				if a, b := show(lazy), show(eager); a != b {
					t.Fatalf("seed %d at %s: lazy published %s, eager %s", seed, now.Sub(time.Unix(0, 0)), a, b)
				}
			}
			list := randomSet(rng)
			for _, p := range []*protector{lazy, eager} {
				if list == nil {
					p.fail()
				} else {
					p.update(now, list, evidence{})
				}
			}
			alarm, _ = lazy.next()
		}
	}
}

func show(p *protector) string {
	list, held := p.published()
	return fmt.Sprintf("%q held %d", line(list), held)
}

// randomSet is nil for a failure.
func randomSet(rng *rand.Rand) []Instance {
	if rng.IntN(6) == 0 {
		return nil
	}
	list := []Instance{}
	share := rng.IntN(11)
	for i := range 8 {
		if rng.IntN(10) >= share {
			continue
		}
		in := Instance{ID: fmt.Sprintf("i%d", i), Addr: fmt.Sprintf("h%d:80", i)}
		if rng.IntN(6) == 0 {
			in.State = Draining
		}
		list = append(list, in)
	}
	return list
}

// FuzzProtection plays bytes as sets of up to eight instances and checks what
// callers rely on, whatever a registry says.
func FuzzProtection(f *testing.F) {
	f.Add([]byte{0xff, 0, 0x00, 1, 0x0f, 9, 0xff, 3})
	f.Add([]byte{0xff, 0, 0x7f, 1, 0x3f, 1, 0x1f, 1, 0x0f, 1, 0x07, 1, 0x03, 1, 0x01, 1, 0x00, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		p := &protector{holdFor: time.Minute}
		now := time.Unix(0, 0)
		for ; len(script) >= 2; script = script[2:] {
			now = now.Add(time.Duration(script[1]%64) * 100 * time.Millisecond)
			before, _ := p.published()
			if script[1] >= 224 {
				p.fail()
				p.advance(now)
				if after, _ := p.published(); !equalSets(before, after) {
					t.Fatalf("an error changed %q into %q", line(before), line(after))
				}
				continue
			}
			var list []Instance
			for i := range 8 {
				if script[0]>>i&1 == 1 {
					list = append(list, Instance{ID: fmt.Sprint(i), Addr: fmt.Sprintf("h%d:80", i)})
				}
			}
			p.update(now, list, evidence{})
			checkPublished(t, p, before, list)
		}
	})
}

func checkPublished(t *testing.T, p *protector, before, list []Instance) {
	t.Helper()
	after, held := p.published()
	has := map[string]bool{}
	for i, in := range after {
		has[in.ID] = true
		if i > 0 && after[i-1].ID >= in.ID {
			t.Fatalf("not sorted: %q", line(after))
		}
	}
	for _, in := range list {
		if !has[in.ID] {
			t.Fatalf("%q is listed, and %q published", in.ID, line(after))
		}
	}
	if len(before) > 0 && len(after) == 0 {
		t.Fatalf("nobody drained, and nobody is left of %q", line(before))
	}
	if held > len(after)-len(list) {
		t.Fatalf("%d held, with %d published and %d listed", held, len(after), len(list))
	}
	if n := len(p.crest.samples); n > 9 {
		t.Fatalf("remembers %d counts of at most 8 instances", n)
	}
}
