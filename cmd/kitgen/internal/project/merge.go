package project

import (
	"bytes"
	"slices"
)

// Resolve says what becomes of a place that the user and kitgen both changed.
type Resolve string

// The ways to resolve a conflict.
const (
	Side    Resolve = "side"    // the file stays; the merge, with markers, goes into a file beside it
	Markers Resolve = "markers" // both texts go into the file, between markers
	Ours    Resolve = "ours"    // the user's text stays; the rest is merged
)

// merged is the outcome of a three-way merge.
type merged struct {
	text      []byte
	conflicts int
}

// merge makes in yours the changes that were made from base to next, line by
// line. Lines of yours come out as they are, to the byte; others get its line
// ends. A place that both changed, and not alike, is a conflict: it comes out
// between markers, or as yours if keep is set.
func merge(base, yours, next []byte, keep bool) merged {
	m := merger{base: lines(base), yours: lines(yours), next: lines(next), keep: keep, eol: "\n"}
	if bytes.Contains(yours, []byte("\r\n")) {
		m.eol = "\r\n"
	}
	toYours, toNext := match(m.base, m.yours), match(m.base, m.next)
	b, y, n := 0, 0, 0
	for i := range m.base {
		if toYours[i] < 0 || toNext[i] < 0 {
			continue
		}
		m.chunk(m.base[b:i], m.yours[y:toYours[i]], m.next[n:toNext[i]])
		m.out.WriteString(m.yours[toYours[i]].text)
		b, y, n = i+1, toYours[i]+1, toNext[i]+1
	}
	m.chunk(m.base[b:], m.yours[y:], m.next[n:])
	return merged{m.out.Bytes(), m.conflicts}
}

type merger struct {
	base, yours, next []line
	keep              bool
	eol               string
	out               bytes.Buffer
	conflicts         int
}

// line is one line of a text; two with the same key are alike.
type line struct {
	key, text string
}

func lines(text []byte) []line {
	var out []line
	for l := range bytes.Lines(text) {
		out = append(out, line{string(bytes.TrimRight(l, "\r\n")), string(l)})
	}
	return out
}

func alike(a, b []line) bool {
	return slices.EqualFunc(a, b, func(a, b line) bool { return a.key == b.key })
}

// chunk merges what is between two lines that all three texts have.
func (m *merger) chunk(base, yours, next []line) {
	switch {
	case alike(base, next), alike(yours, next), m.keep && len(base) > 0:
		m.mine(yours)
	case alike(base, yours):
		m.theirs(next)
	case len(base) == 0: // both put something here, and neither took anything away
		m.mine(yours)
		m.theirs(missing(next, yours))
	default:
		m.conflicts++
		m.marker("<<<<<<< yours")
		m.mine(yours)
		m.marker("||||||| what kitgen wrote before")
		m.theirs(base)
		m.marker("=======")
		m.theirs(next)
		m.marker(">>>>>>> what kitgen writes now")
	}
}

func (m *merger) mine(ls []line) {
	for _, l := range ls {
		m.start()
		m.out.WriteString(l.text)
	}
}

func (m *merger) theirs(ls []line) {
	for _, l := range ls {
		m.marker(l.key)
	}
}

func (m *merger) marker(text string) {
	m.start()
	m.out.WriteString(text + m.eol)
}

// start ends the line before, which the end of a file may have left open.
func (m *merger) start() {
	if b := m.out.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
		m.out.WriteString(m.eol)
	}
}

// missing is what next has and yours does not end or begin with.
func missing(next, yours []line) []line {
	for n := min(len(next), len(yours)); n > 0; n-- {
		if alike(next[:n], yours[:n]) || alike(next[:n], yours[len(yours)-n:]) {
			return next[n:]
		}
	}
	return next
}

// match finds for each line of a one of b that is alike, or -1, in the same
// order: it is a patience diff, which anchors on lines that are unique.
func match(a, b []line) []int {
	to := make([]int, len(a))
	for i := range to {
		to[i] = -1
	}
	matchWithin(a, b, 0, len(a), 0, len(b), to)
	return to
}

func matchWithin(a, b []line, aFrom, aTo, bFrom, bTo int, to []int) {
	for aFrom < aTo && bFrom < bTo && a[aFrom].key == b[bFrom].key {
		to[aFrom] = bFrom
		aFrom, bFrom = aFrom+1, bFrom+1
	}
	for aFrom < aTo && bFrom < bTo && a[aTo-1].key == b[bTo-1].key {
		aTo, bTo = aTo-1, bTo-1
		to[aTo] = bTo
	}
	anchors := increasing(unique(a, b, aFrom, aTo, bFrom, bTo))
	for _, at := range anchors {
		to[at.a] = at.b
		matchWithin(a, b, aFrom, at.a, bFrom, at.b, to)
		aFrom, bFrom = at.a+1, at.b+1
	}
	if len(anchors) > 0 {
		matchWithin(a, b, aFrom, aTo, bFrom, bTo, to)
	}
}

// anchor is a line of a and the one of b that it is.
type anchor struct{ a, b int }

// unique are the lines that each of two ranges has once, in the order of a.
func unique(a, b []line, aFrom, aTo, bFrom, bTo int) []anchor {
	inA, inB, at := map[string]int{}, map[string]int{}, map[string]int{}
	for _, l := range a[aFrom:aTo] {
		inA[l.key]++
	}
	for j := bFrom; j < bTo; j++ {
		inB[b[j].key]++
		at[b[j].key] = j
	}
	var out []anchor
	for i := aFrom; i < aTo; i++ {
		if key := a[i].key; inA[key] == 1 && inB[key] == 1 {
			out = append(out, anchor{i, at[key]})
		}
	}
	return out
}

// increasing is the longest run of anchors that are in order in b, too.
func increasing(all []anchor) []anchor {
	var tails []int // index in all of the last anchor of the best run of each length
	before := make([]int, len(all))
	for i, x := range all {
		n, _ := slices.BinarySearchFunc(tails, x.b, func(t, b int) int { return all[t].b - b })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		tails = append(tails[:n], append([]int{i}, tails[min(n+1, len(tails)):]...)...)
	}
	if len(tails) == 0 {
		return nil
	}
	out := make([]anchor, len(tails))
	for i, n := tails[len(tails)-1], len(out)-1; n >= 0; i, n = before[i], n-1 {
		out[n] = all[i]
	}
	return out
}
