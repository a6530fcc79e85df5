package dev

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

func TestTheLogHasWholeLinesWithTheirNames(t *testing.T) {
	var out bytes.Buffer
	book := newLogbook(&console.Console{Out: &out})
	one := book.source("greeter-1")
	fmt.Fprint(one, "half a li")
	book.say("up")
	fmt.Fprint(one, "ne\r\nnext\nrest")
	want := "kitgen    | up\ngreeter-1 | half a line\ngreeter-1 | next\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if got := one.tail(1); got != "next" {
		t.Errorf("the end of the log is %q", got)
	}
	one.end()
	one.end() // twice is once
	if got := one.tail(2); got != "next\nrest" {
		t.Errorf("the end of the log of a process that ended is %q", got)
	}
	if book.source("greeter-1") != one {
		t.Error("one name has two sources")
	}
}

func TestALogKeepsToItsLines(t *testing.T) {
	var out bytes.Buffer
	book := newLogbook(&console.Console{Out: &out})
	log := book.source("a")
	fmt.Fprint(log, "\x1b]0;title\a\x1b[2J\x1b[31mred\tleft\rright\n")
	if diff := cmp.Diff("a      | \\x1b]0;title\\a\\x1b[2J\x1b[31mred\tleft\\rright\x1b[0m\n", out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	fmt.Fprint(log, strings.Repeat("x", 3*longest))
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("a line without an end is %d lines, want 3", n)
	}
}

func TestTwoProcessesOfOneNameKeepTheirLinesApart(t *testing.T) {
	var out bytes.Buffer
	book := newLogbook(&console.Console{Out: &out})
	all := book.source("a")
	before, after := all.part(), all.part()
	fmt.Fprint(before, "serving\nstop")
	fmt.Fprint(after, "panic: b")
	fmt.Fprint(before, "ped\n")
	fmt.Fprint(after, "oom\n")
	if got := after.tail(10); got != "panic: boom" {
		t.Errorf("the log of the second ends with %q", got)
	}
	if got := all.tail(10); got != "serving\nstopped\npanic: boom" {
		t.Errorf("the log of both ends with %q", got)
	}
}

func TestWhoFollowsALogSeesWhatComes(t *testing.T) {
	book := newLogbook(&console.Console{Out: io.Discard})
	fmt.Fprintln(book.source("a"), "before")
	last, more, stop := book.follow("a")
	fmt.Fprintln(book.source("b"), "of somebody else")
	fmt.Fprintln(book.source("a"), "after")
	if diff := cmp.Diff([]string{"before", "after"}, append(last, <-more)); diff != "" {
		t.Error(diff)
	}
	stop()
	fmt.Fprintln(book.source("a"), strings.Repeat("nobody listens\n", 3*kept))
	if n := len(more); n > 0 {
		t.Errorf("%d lines came after the end", n)
	}
	if n := len(book.source("a").last); n != kept {
		t.Errorf("%d lines are kept, want %d", n, kept)
	}
}

func TestAWholeLogIsThereToBeAskedFor(t *testing.T) {
	s, c := claimed(t)
	if err := c.publish(""); err != nil {
		t.Fatal(err)
	}
	u := &unit{name: "greeter-1", log: s.book.source("greeter-1")}
	s.fleets[0].units = []*unit{u}
	fmt.Fprintln(u.log, strings.Repeat("\x00", longest))
	fmt.Fprintln(u.log, "next")
	var lens []int
	err := c.note.logs(t.Context(), u.name, false, func(line string) error {
		lens = append(lens, len(line))
		return nil
	})
	if diff := cmp.Diff([]int{longest * len(`\x00`), len("next")}, lens); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
