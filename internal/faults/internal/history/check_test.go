package history

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a moment of a made-up history.
func at(seconds float64) time.Time {
	return time.Unix(1_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// saw is a sighting; an ID in brackets is draining.
func saw(seconds float64, marker int64, ids ...string) Sighting {
	s := Sighting{At: at(seconds), Marker: marker}
	for _, id := range ids {
		name := strings.Trim(id, "()")
		s.Members = append(s.Members, Member{ID: name, Addr: "host-" + name + ":80", Callable: name == id})
		if name != id {
			s.Draining = append(s.Draining, name)
		}
	}
	return s
}

// owner is a process that registered at once, and ended then if not zero.
func owner(id string, end float64) Owner {
	o := Owner{ID: id, Addr: "host-" + id + ":80", Held: []Span{{From: at(0)}}}
	if end > 0 {
		o.End = at(end)
		o.Held[0].To = o.End
	}
	return o
}

// sound is a history in which every promise was kept: a, b and c were there for
// a minute, and c left halfway.
func sound() History {
	h := History{
		Owners: []Owner{owner("a", 0), owner("b", 0), owner("c", 30)},
		TTL:    6 * time.Second, Settle: time.Second, Lag: 2 * time.Second,
		Calls: 1000, Before: Census{40, 6}, After: Census{41, 6},
	}
	for i := range 60 {
		ids := []string{"a", "b", "c"}
		switch {
		case i > 30:
			ids = []string{"a", "b"}
		case i == 30:
			ids = []string{"a", "b", "(c)"}
		}
		h.Listed = append(h.Listed, saw(float64(i), int64(i), ids...))
		h.Published = append(h.Published, saw(float64(i)+0.1, int64(i), ids...))
	}
	return h
}

func TestSoundHistory(t *testing.T) {
	if got := Check(sound()); len(got) > 0 {
		t.Errorf("violations of a history that has none:\n%s", strings.Join(got, "\n"))
	}
}

// Each case breaks the promises it names, and no other.
func TestCheckNotices(t *testing.T) {
	for name, tt := range map[string]struct {
		broken string // the promises, joined by spaces; none if empty
		spoil  func(*History)
	}{
		"consumer never hears of one who left": {"I1", func(h *History) {
			for i := 30; i < 60; i++ {
				h.Published[i].Members = h.Published[0].Members
			}
		}},
		"consumer calls one who is draining": {"I1", func(h *History) {
			for i := 10; i < 20; i++ {
				h.Listed[i] = saw(float64(i), int64(i), "a", "b", "(c)")
			}
			h.Owners[2] = owner("c", 9)
			h.TTL = time.Minute
		}},
		"consumer is behind, though not for long": {"", func(h *History) { h.Published[31].Members = h.Published[0].Members }},
		"consumer is behind during a fault":       {"", func(h *History) { h.Faults = []Span{{at(31), at(40)}}; fill(h.Published[31:40], h.Published[0]) }},
		"consumer is behind long after one": {"I1", func(h *History) {
			h.Faults = []Span{{at(31), at(40)}}
			fill(h.Published[31:50], h.Published[0])
		}},
		"an empty set": {"I1 I2", func(h *History) { h.Published[10].Members = nil }},
		"an empty set, in a fault": {"I2", func(h *History) {
			h.Faults = []Span{{at(9), at(12)}}
			h.Published[10].Members = nil
		}},
		"more than half is lost":          {"I1 I2", func(h *History) { h.Published[10].Members = h.Published[10].Members[:1] }},
		"one is lost":                     {"I1", func(h *History) { h.Published[10].Members = h.Published[10].Members[:2] }},
		"lost one by one, close together": {"I2", func(h *History) { oneByOne(h, 0.3) }},
		"lost one by one, over some time": {"", func(h *History) { oneByOne(h, 5) }},
		"all left, and said so":           {"", allLeave},
		"registry goes back":              {"I3", func(h *History) { h.Listed[20].Marker = 3 }},
		"consumer goes back":              {"I3", func(h *History) { h.Published[20].Marker = 3 }},
		"consumer goes back by a write that was not confirmed": {"", func(h *History) {
			h.Published[20].Marker = 3
			h.Doubtful = []int64{3}
		}},
		"consumer goes back with its registry": {"", func(h *History) {
			for i := 20; i < 60; i++ {
				h.Published[i].Epoch, h.Published[i].Marker = 1, int64(i-15)
				h.Listed[i].Epoch, h.Listed[i].Marker = 1, int64(i-15)
			}
		}},
		"registered and not listed": {"I4", func(h *History) { remove(h, 10, 20, 0) }},
		"registered and listed as critical": {"I4", func(h *History) {
			h.Listed[10].Members = append([]Member(nil), h.Listed[10].Members...)
			h.Listed[10].Members[0].Callable = false
		}},
		"not listed during a fault": {"", func(h *History) { h.Faults = []Span{{at(9), at(20)}}; remove(h, 10, 20, 0) }},
		"not back after a fault":    {"I4", func(h *History) { h.Faults = []Span{{at(9), at(12)}}; remove(h, 10, 20, 0) }},
		"never registered": {"", func(h *History) {
			h.Owners = append(h.Owners, Owner{ID: "d", Addr: "host-d:80"})
		}},
		"waits for its ID":          {"", func(h *History) { o := owner("d", 0); o.Waits = true; h.Owners = append(h.Owners, o) }},
		"a failed call":             {"I5", func(h *History) { h.Failed = 1 }},
		"a failed call that may be": {"", func(h *History) { h.Failed, h.MayFail = 1, 1 }},
		"goroutines grow":           {"I6", func(h *History) { h.After.Goroutines += 20 }},
		"sockets grow":              {"I6", func(h *History) { h.After.Sockets += 20 }},
		"dead and listed":           {"I7", func(h *History) { h.Owners[1] = owner("b", 20) }},
		"dead for less than a TTL":  {"", func(h *History) { h.Owners[1] = owner("b", 53) }},
		"nobody's":                  {"I7", func(h *History) { h.Owners = h.Owners[:2] }},
		"two of one ID": {"I8", func(h *History) {
			o := owner("a", 0)
			o.Addr, o.Waits = "host-d:80", true
			h.Owners = append(h.Owners, o)
		}},
		"one of an ID after the other": {"", func(h *History) {
			h.Owners[0].Held[0].To, h.Owners[0].End = at(20), at(20)
			h.Owners = append(h.Owners, Owner{ID: "a", Addr: "host-a:80", Held: []Span{{From: at(20)}}})
		}},
		"two at one address": {"I8", func(h *History) {
			for _, seen := range [][]Sighting{h.Listed, h.Published} {
				for i := range seen {
					seen[i].Members = append([]Member(nil), seen[i].Members...)
					seen[i].Members[1].Addr = seen[i].Members[0].Addr
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := sound()
			tt.spoil(&h)
			broken := map[string]bool{}
			for _, v := range Check(h) {
				name, _, _ := strings.Cut(v, " ")
				broken[name] = true
			}
			if got := strings.Join(slices.Sorted(maps.Keys(broken)), " "); got != tt.broken {
				t.Errorf("broken promises: %q; want %q; all violations:\n%s", got, tt.broken, strings.Join(Check(h), "\n"))
			}
		})
	}
}

func fill(seen []Sighting, like Sighting) {
	for i := range seen {
		seen[i].Members = like.Members
	}
}

// remove takes a member out of what both saw.
func remove(h *History, from, to, member int) {
	for i := from; i < to; i++ {
		for _, s := range []*Sighting{&h.Listed[i], &h.Published[i]} {
			s.Members = append(append([]Member(nil), s.Members[:member]...), s.Members[member+1:]...)
		}
	}
}

// oneByOne has a, b and c lost that many seconds apart, and the registry
// recover them at once.
func oneByOne(h *History, apart float64) {
	h.Published = []Sighting{
		saw(0.1, 0, "a", "b", "c"),
		saw(20, 20, "b", "c"),
		saw(20+apart, 20, "c"),
		saw(20+2*apart, 20, "a", "b", "c"),
		saw(30.1, 30, "a", "b", "(c)"),
		saw(31.1, 31, "a", "b"),
	}
	h.Faults = []Span{{at(19.9), at(20 + 2*apart)}}
}

func allLeave(h *History) {
	for i := range h.Owners {
		h.Owners[i] = owner(h.Owners[i].ID, 50)
	}
	h.Listed = []Sighting{saw(0, 1, "a", "b", "c"), saw(50, 2, "(a)", "(b)", "(c)"), saw(50.1, 3)}
	h.Published = []Sighting{saw(0.1, 1, "a", "b", "c"), saw(50.05, 2, "(a)", "(b)", "(c)"), saw(50.15, 3)}
}

func TestCheckIsBrief(t *testing.T) {
	h := sound()
	for i := range h.Published {
		h.Published[i].Members = nil
	}
	if n := len(Check(h)); n > most+1 {
		t.Errorf("%d lines about one promise, want at most %d", n, most+1)
	}
}
