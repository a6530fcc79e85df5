package demo

import (
	"bytes"
	"strings"
	"testing"
)

func TestPlainLinesWithoutATerminal(t *testing.T) {
	h, replicas, _ := testRun()
	var out bytes.Buffer
	v := newView(&out, false)
	v.draw(h, replicas)
	v.draw(h, replicas) // too soon for another line
	if got := strings.Count(out.String(), "\n"); got != 1 {
		t.Errorf("%d lines, want one:\n%s", got, out.String())
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("plain output contains escape codes")
	}
}

func TestTheTableRedrawsInPlace(t *testing.T) {
	h, replicas, _ := testRun()
	var out bytes.Buffer
	v := newView(&out, true)
	v.draw(h, replicas)
	if v.drawn != 2+len(replicas) {
		t.Errorf("%d lines on the terminal, want a line per replica and two of heading", v.drawn)
	}
	v.say("something happened")
	if !strings.Contains(out.String(), "\x1b[4A\x1b[J") || v.drawn != 0 {
		t.Error("the table was not taken away before a line was printed")
	}
}
