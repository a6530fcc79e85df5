package history

import (
	"fmt"
	"slices"
	"time"
)

// most is how many violations of one promise are worth reading.
const most = 3

// Check returns the violations of every promise, each a line that begins with
// the promise's name; none if all were kept.
func Check(h History) (violations []string) {
	for _, promise := range []struct {
		name  string
		check func(*History) []string
	}{
		{"I1 the consumer knows what the registry lists", agrees},
		{"I2 no set is lost at once", keeps},
		{"I3 nobody goes back in time", advances},
		{"I4 who is registered is listed", lists},
		{"I5 calls succeed", serves},
		{"I6 the consumer uses no more than before", frugal},
		{"I7 who is dead is not listed", forgets},
		{"I8 an ID and an address have one owner", unique},
	} {
		found := promise.check(&h)
		for i, v := range found {
			if i == most {
				violations = append(violations, fmt.Sprintf("%s: and %d more", promise.name, len(found)-most))
				break
			}
			violations = append(violations, promise.name+": "+v)
		}
	}
	return violations
}

// agrees is I1: in calm times, what the registry has said for a while is what
// callers see.
func agrees(h *History) (found []string) {
	since := 0 // from here on, the answers are the same
	for i := range h.Listed {
		s := &h.Listed[i]
		if !slices.Equal(h.Listed[since].Members, s.Members) || !h.calm(s.At) {
			since = i
		}
		if !h.calm(s.At) || s.At.Sub(h.Listed[since].At) < h.Lag {
			continue
		}
		if seen, ok := h.published(s.At); !ok || !slices.Equal(seen.Members, s.Members) {
			found = append(found, fmt.Sprintf("%s after the start the registry lists %s, callers see %s", h.since(s.At), names(s.Members), names(seen.Members)))
		}
	}
	return found
}

// near is how close to each other losses count as one.
const near = time.Second

// keeps is I2: no published set lacks more than half of those, or the last of
// those, that one shortly before it had, leavers who said so aside.
func keeps(h *History) (found []string) {
	for i := range h.Published {
		now := &h.Published[i]
		left := map[string]bool{} // have said so by now
		for j := i - 1; j >= 0; j-- {
			before := &h.Published[j]
			for _, id := range before.Draining {
				left[id] = true
			}
			lost := 0
			for _, m := range before.Members {
				if _, still := now.find(m.ID); !still && !left[m.ID] {
					lost++
				}
			}
			if lost > 0 && (len(now.Members) == 0 || 2*lost > len(before.Members)) {
				found = append(found, fmt.Sprintf("%s after the start callers see %d instances, %d of %d are gone without a word", h.since(now.At), len(now.Members), lost, len(before.Members)))
				break
			}
			if now.At.Sub(before.At) > near {
				break
			}
		}
	}
	return found
}

// advances is I3: the marker, a number that only grows in the registry, grows
// for everybody who reads it. One whose writing was not confirmed may take
// effect at any later time, and does not count.
func advances(h *History) (found []string) {
	for source, seen := range map[string][]Sighting{"the registry": h.Listed, "the consumer": h.Published} {
		var last Sighting
		for _, s := range seen {
			if slices.Contains(h.Doubtful, s.Marker) {
				continue
			}
			if s.Epoch == last.Epoch && s.Marker != 0 && s.Marker < last.Marker {
				found = append(found, fmt.Sprintf("%s after the start %s shows revision %d after %d", h.since(s.At), source, s.Marker, last.Marker))
			}
			if s.Marker != 0 || s.Epoch != last.Epoch {
				last = s
			}
		}
	}
	return found
}

// lists is I4: in calm times, every process that lives and has been registered
// is listed, and as one that may be called.
func lists(h *History) (found []string) {
	for i := range h.Listed {
		s := &h.Listed[i]
		if !h.calm(s.At) {
			continue
		}
		for _, o := range h.Owners {
			if o.Waits || !o.alive(s.At) || len(o.Held) == 0 || !o.Held[0].From.Before(s.At) {
				continue
			}
			if m, ok := s.find(o.ID); !ok || !m.Callable {
				found = append(found, fmt.Sprintf("%s after the start %s lives, and is not listed as one to call", h.since(s.At), o.ID))
			}
		}
	}
	return found
}

// serves is I5.
func serves(h *History) []string {
	if h.Failed <= h.MayFail {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d calls failed, at most %d may", h.Failed, h.Calls, h.MayFail)}
}

// Beyond what was there before, a consumer may have this much more at work at
// the moment of the count.
const (
	moreGoroutines = 8
	moreSockets    = 4
)

// Frugal tells whether a consumer that used before uses no more now.
func (now Census) Frugal(before Census) bool {
	return now.Goroutines <= before.Goroutines+moreGoroutines && now.Sockets <= before.Sockets+moreSockets
}

// frugal is I6.
func frugal(h *History) (found []string) {
	if more := h.After.Goroutines - h.Before.Goroutines; more > moreGoroutines {
		found = append(found, fmt.Sprintf("%d goroutines more: %d after %d", more, h.After.Goroutines, h.Before.Goroutines))
	}
	if more := h.After.Sockets - h.Before.Sockets; more > moreSockets {
		found = append(found, fmt.Sprintf("%d open sockets more: %d after %d", more, h.After.Sockets, h.Before.Sockets))
	}
	return found
}

// forgets is I7: a TTL and the settling time after its owner's end, or the
// settling time after the fault that was going on, no entry may be called.
func forgets(h *History) (found []string) {
	for i := range h.Listed {
		s := &h.Listed[i]
		if !h.calm(s.At) {
			continue
		}
		for _, m := range s.Members {
			if !m.Callable {
				continue
			}
			if end, owned := h.lastEnd(m.ID, s.At); !owned {
				found = append(found, fmt.Sprintf("%s after the start %s is listed, whom nobody owns", h.since(s.At), m.ID))
			} else if over := s.At.Sub(end.Add(h.TTL)); !end.IsZero() && over > h.Settle && s.At.Sub(h.healed(s.At)) > h.TTL+h.Settle {
				found = append(found, fmt.Sprintf("%s after the start %s is listed, which ended %v before", h.since(s.At), m.ID, s.At.Sub(end).Round(time.Millisecond)))
			}
		}
	}
	return found
}

// lastEnd is when the last owner of id ended; zero if one lives.
func (h *History) lastEnd(id string, at time.Time) (end time.Time, owned bool) {
	for _, o := range h.Owners {
		if o.ID != id {
			continue
		}
		if o.alive(at) {
			return time.Time{}, true
		}
		owned = true
		if o.End.After(end) {
			end = o.End
		}
	}
	return end, owned
}

// unique is I8: no two processes hold one ID at the same time, and no address
// is listed twice while the owners of both entries live.
func unique(h *History) (found []string) {
	for i, a := range h.Owners {
		for _, b := range h.Owners[i+1:] {
			if a.ID == b.ID && slices.ContainsFunc(a.Held, func(s Span) bool { return slices.ContainsFunc(b.Held, s.overlap) }) {
				found = append(found, fmt.Sprintf("%s and %s both hold the ID %s", a.Addr, b.Addr, a.ID))
			}
		}
	}
	for i := range h.Listed {
		s := &h.Listed[i]
		owner := map[string]string{}
		for _, m := range s.Members {
			if end, _ := h.lastEnd(m.ID, s.At); !m.Callable || !end.IsZero() {
				continue
			}
			if other, taken := owner[m.Addr]; taken {
				found = append(found, fmt.Sprintf("%s after the start %s and %s are both listed at %s", h.since(s.At), other, m.ID, m.Addr))
			}
			owner[m.Addr] = m.ID
		}
	}
	return found
}

// since is how long after the first sighting something happened.
func (h *History) since(at time.Time) time.Duration {
	start := at
	for _, seen := range [][]Sighting{h.Listed, h.Published} {
		if len(seen) > 0 && seen[0].At.Before(start) {
			start = seen[0].At
		}
	}
	return at.Sub(start).Round(time.Millisecond)
}

// names lists members for a message; those not to be called in brackets.
func names(members []Member) (list []string) {
	for _, m := range members {
		if m.Callable {
			list = append(list, m.ID)
		} else {
			list = append(list, "("+m.ID+")")
		}
	}
	return list
}
