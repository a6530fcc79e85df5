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
