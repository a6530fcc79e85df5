package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkPicture wants one well-formed document that needs nothing from elsewhere,
// and texts that fit.
func checkPicture(t *testing.T, in incident, r result) {
	t.Helper()
	svg := picture(in, r)
	depth, seen, words := 0, map[string]int{}, ""
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch x := token.(type) {
		case xml.CharData:
			words += string(x)
		case xml.StartElement:
			depth++
			seen[x.Name.Local]++
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
	if depth != 0 || seen["svg"] != 1 || seen["title"] != 1 || seen["desc"] != 1 || seen["polyline"] < 2 {
		t.Errorf("depth %d, elements %v", depth, seen)
	}
	for text, most := range map[string]int{in.title: 95, in.story(r): 115, in.note: 130} {
		if n := utf8.RuneCountInString(text); n > most {
			t.Errorf("%d letters do not fit, at most %d do: %s", n, most, text)
		}
		if !strings.Contains(words, text) {
			t.Errorf("it does not say %q", text)
		}
	}
}

// TestPicturesOfAMadeUpRun draws what no run would show.
func TestPicturesOfAMadeUpRun(t *testing.T) {
	for _, in := range incidents() {
		checkPicture(t, in, result{madeUp(), madeUp()})
		checkPicture(t, in, result{&run{length: in.length}, &run{length: in.length, Recovered: -1}})
	}
}

func TestScale(t *testing.T) {
	for most, want := range map[float64]float64{1: 1, 5: 1, 6: 2, 80: 20, 1400: 500} {
		if got := step(most); got != want {
			t.Errorf("the step up to %v is %v, want %v", most, got, want)
		}
	}
	s := scaleOf(panel{log: true, lines: []line{{values: []float64{700}}}}, 100)
	if s.to != 1000 || s.y(1000) != 100-plotH || s.y(0) != 100 || len(s.ticks()) != 3 {
		t.Errorf("%+v: %v %v %v", s, s.y(1000), s.y(0), s.ticks())
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{percent(0), "0 %"}, {percent(0.2), "20 %"}, {percent(0.034), "3.4 %"}, {percent(0.0004), "0.04 %"},
		{millis(12.4), "12 ms"}, {millis(2004), "2.00 s"},
		{recovery(&run{Recovered: -1}), "not while watched"}, {recovery(&run{}), "at once"}, {recovery(&run{Recovered: 2.5}), "after 2.5 s"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
