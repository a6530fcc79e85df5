package dev

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// kept is how many lines of each source are there to be asked for later, and
// longest how long one may be: what is longer is several.
const (
	kept    = 1000
	longest = 64 << 10
)

// logbook is the one log of a session: a line of a replica, or of kitgen
// itself, after the other, each with the name of its source.
type logbook struct {
	con   *console.Console
	width int // of the names

	mu      sync.Mutex // guards the rest
	sources map[string]*source
	readers map[chan string]string // to the name that each follows
}

func newLogbook(con *console.Console) *logbook {
	return &logbook{con: con, width: len("kitgen"), sources: map[string]*source{}, readers: map[chan string]string{}}
}

// source is who writes. What it is given is cut into lines.
type source struct {
	book  *logbook
	name  string
	color console.Color
	whole *source // of which this is a part; nil if it is all there is of its name

	rest []byte   // of a line whose end has not come; guarded by book.mu
	last []string // lines; guarded by book.mu
}

// palette is who has which colour, in turn.
var palette = []console.Color{console.Cyan, console.Yellow, console.Green, console.Magenta, console.Blue}

// source is that of a name, which keeps its colour.
func (l *logbook) source(name string) *source {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.sources[name]; ok {
		return s
	}
	s := &source{book: l, name: name, color: console.Gray}
	if name != "kitgen" && name != "etcd" {
		s.color = palette[len(l.sources)%len(palette)]
	}
	l.sources[name] = s
	l.width = max(l.width, len(name))
	return s
}

// say logs a line of kitgen's own.
func (l *logbook) say(format string, args ...any) {
	fmt.Fprintf(l.source("kitgen"), format+"\n", args...)
}

// part is what one process writes of s: another that runs under the same name
// at the same time has its own lines.
func (s *source) part() *source {
	return &source{book: s.book, name: s.name, color: s.color, whole: s}
}

var _ io.Writer = (*source)(nil)

// Write logs the lines of p. It never fails: nobody stops for its log.
func (s *source) Write(p []byte) (int, error) {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	s.rest = append(s.rest, p...)
	for {
		line, rest, ok := bytes.Cut(s.rest, []byte("\n"))
		if !ok && len(s.rest) < longest {
			break
		}
		if len(line) > longest {
			line, rest = s.rest[:longest], s.rest[longest:]
		}
		s.line(strings.TrimRight(string(line), "\r"))
		s.rest = rest
	}
	return len(p), nil
}

// end logs what a process that has ended wrote last, without an end of the line.
func (s *source) end() {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	if len(s.rest) > 0 {
		s.line(string(s.rest))
		s.rest = nil
	}
}

func (s *source) line(text string) {
	text = console.Harmless(text)
	for of := s; of != nil; of = of.whole {
		if of.last = append(of.last, text); len(of.last) > kept {
			of.last = of.last[1:]
		}
	}
	head := fmt.Sprintf("%-*s |", s.book.width, s.name)
	fmt.Fprintln(s.book.con.Out, s.book.con.Paint(s.book.con.Out, s.color, head), text)
	for reader, name := range s.book.readers {
		if name == s.name {
			select {
			case reader <- text:
			default: // it is slow; it has missed a line, and nobody waits
			}
		}
	}
}

// tail is the end of what the source wrote.
func (s *source) tail(lines int) string {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	return strings.Join(s.last[max(0, len(s.last)-lines):], "\n")
}

// epitaph is the end of what the source wrote, for an error message.
func (s *source) epitaph() string {
	if text := s.tail(10); text != "" {
		return "its log ends:\n" + text
	}
	return "it logged nothing"
}

// follow is what name has written, and a channel of what it goes on to write,
// until stop is called.
func (l *logbook) follow(name string) (last []string, more <-chan string, stop func()) {
	s := l.source(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	reader := make(chan string, kept)
	l.readers[reader] = name
	return append(last, s.last...), reader, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.readers, reader)
	}
}
