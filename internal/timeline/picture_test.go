package timeline

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"
	"time"
)

// madeUp is a recording with everything that a picture can show.
func madeUp() *Recording {
	zero := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	r := &Recording{
		Title: `what <to> look for & "why"`, Note: "a < b", From: at(-100), To: at(900), Zero: zero,
		Registry: Track{{at(-500), up}, {at(100), down}, {at(300), up}},
		Source:   Track{{at(-400), up}, {at(120), stale}, {at(310), up}},
		Lanes: []Lane{{
			ID:     "a<b",
			Listed: Track{{at(-400), up}, {at(100), none}, {at(300), up}, {at(500), draining}, {at(700), none}},
			Known:  Track{{at(-400), up}, {at(310), held}, {at(420), up}, {at(510), draining}, {at(710), none}},
		}, {ID: "never called"}},
		Marks: []Mark{
			{at(-300), "before the window", ""}, {at(-2), "a bit early", "a<b"}, {at(0), "first", "a<b"}, {at(3), "soon", "a<b"},
			{at(4), "sooner", ""}, {at(500), "late", "a<b"}, {at(2000), "after the window", ""},
		},
	}
	for ms := range 800 {
		if ms%5 == 0 {
			c := Call{at(ms - 150), ms == 400}
			r.Lanes[0].Attempts = append(r.Lanes[0].Attempts, c)
			r.Calls = append(r.Calls, c)
		}
	}
	return r
}

// checkPicture wants one well-formed document that has every mark of the
// window, and returns it.
func checkPicture(t *testing.T, rec *Recording) string {
	t.Helper()
	svg := Picture(rec)
	depth, texts := 0, map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			depth++
			texts[x.Name.Local]++
			for _, a := range x.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") || strings.Contains(a.Value, "%!") {
					t.Errorf("<%s %s=%q>", x.Name.Local, a.Name.Local, a.Value)
				}
				if a.Name.Local == "href" || a.Name.Local == "src" {
					t.Errorf("<%s> needs something from outside: %s", x.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 || texts["svg"] != 1 || texts["title"] != 1 || texts["desc"] != 1 {
		t.Errorf("depth %d, elements %v", depth, texts)
	}
	for _, m := range rec.Marks {
		drawn := strings.Contains(svg, ">"+html.EscapeString(m.Label)+"<") || strings.Contains(svg, ">"+html.EscapeString(m.Label)+", ")
		if inside := !m.At.Before(rec.From) && !m.At.After(rec.To); drawn != inside {
			t.Errorf("mark %q is drawn: %t; in the window: %t", m.Label, drawn, inside)
		}
	}
	return svg
}

func TestPictureOfAMadeUpRecording(t *testing.T) {
	svg := checkPicture(t, madeUp())
	for _, want := range []string{
		"a&lt;b", "never called", "a &lt; b", // names
		"url(#draining)", "url(#held)", "url(#stale)", "url(#down)", // patterns, and not only colours
		`class="failed"`, "soon, +3.0 ms", "a bit early, -2.0 ms", "late, +500 ms",
		"first, 3.0 ms later soon, 1.0 ms later sooner, 496 ms later late.",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	if calls, failed := madeUp().counts(); calls != 150 || failed != 1 || !strings.Contains(svg, "150 calls, 1 failed") {
		t.Errorf("%d calls, %d failed", calls, failed)
	}
}

// TestPictureOfNothing has neither calls nor marks.
func TestPictureOfNothing(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	checkPicture(t, &Recording{From: from, To: from.Add(time.Second), Zero: from, Lanes: []Lane{{ID: "a"}}})
}

// TestLabelsKeepClear is the promise of layOut, for marks that come as thick as
// they like.
func TestLabelsKeepClear(t *testing.T) {
	zero := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, gaps := range [][]int{{0, 0, 0, 0}, {1, 1, 1, 1}, {100, 0, 100, 0}, {40, 60, 300, 5}, {900}} {
		rec := &Recording{From: zero, To: zero.Add(time.Second), Zero: zero}
		at := zero
		for i, gap := range gaps {
			at = at.Add(time.Duration(gap) * time.Millisecond)
			rec.Marks = append(rec.Marks, Mark{At: at, Label: fmt.Sprintf("label %d", i)})
		}
		c := canvas{rec: rec}
		labels := layOut(rec, c.x)
		for i, a := range labels {
			end := a.x + perLetter*float64(len(a.text))
			for _, b := range labels[i+1:] {
				// b's line goes down from its row, a's from its own, left of b.
				if b.row <= a.row && b.x < end {
					t.Errorf("gaps %v: %q in row %d runs into %q in row %d", gaps, a.text, a.row, b.text, b.row)
				}
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for window := 50 * time.Millisecond; window < time.Minute; window += 37 * time.Millisecond {
		if n := window / tick(window); n < 2 || n > 10 {
			t.Errorf("a window of %s has %d ticks", window, n)
		}
	}
}
