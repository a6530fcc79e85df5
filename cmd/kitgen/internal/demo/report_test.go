package demo

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func testRun() (*history, []replica, []event) {
	h := record(10*time.Second, [2]time.Duration{2 * time.Second, 6 * time.Second})
	h.last.Retries, h.last.P50, h.last.P99 = 3, 1.5, 20
	replicas := []replica{{name: "addsvc-1", http: "a", status: killed}, {name: "addsvc-2", http: "b", status: up}}
	events := []event{
		{step: step{kind: kill, replica: 0}, name: "addsvc-1", from: 1900 * time.Millisecond},
		{step: step{kind: restart, replica: -1}, from: 8 * time.Second, took: 70 * time.Millisecond},
	}
	return h, replicas, events
}

func TestReport(t *testing.T) {
	h, replicas, events := testRun()
	r := newReport(h, replicas, events, 42)
	if len(r.Events) != 2 || r.Events[0].Noticed != 100 || r.Events[1].Noticed != 70 {
		t.Errorf("events %+v: want the kill noticed after 100 ms, the restart after 70 ms", r.Events)
	}
	if sum := r.Replicas[0].Share + r.Replicas[1].Share; sum < 0.999 || sum > 1.001 {
		t.Errorf("shares add up to %v", sum)
	}
}

func TestTheLastLinesAreTheVerdictAndTheJSON(t *testing.T) {
	h, replicas, events := testRun()
	var out bytes.Buffer
	if err := finish(&out, config{json: true}, newReport(h, replicas, events, 1)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if got := lines[len(lines)-2]; got != "failed: 0" {
		t.Errorf("the line before the JSON is %q", got)
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"calls", "failed", "retries", "p50_ms", "p99_ms", "replicas", "events"} {
		if _, ok := keys[k]; !ok {
			t.Errorf("the JSON has no %q", k)
		}
	}
}

func TestFailedCallsAreAnError(t *testing.T) {
	h, replicas, events := testRun()
	h.last.Failed, h.last.Error = 2, "connection refused"
	var out bytes.Buffer
	err := finish(&out, config{}, newReport(h, replicas, events, 7))
	if !errors.Is(err, ErrCallsFailed) || !strings.Contains(err.Error(), "--seed 7") {
		t.Errorf("error %v should say that calls failed, and the seed that repeats it", err)
	}
	if !strings.Contains(out.String(), "connection refused") {
		t.Error("the summary hides why a call failed")
	}
}

func TestThePictureIsWellFormed(t *testing.T) {
	h, replicas, events := testRun()
	replicas[0].name = `addsvc-<"1">`
	dec := xml.NewDecoder(strings.NewReader(drawRun(h, replicas, events)))
	polygons := 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if el, ok := tok.(xml.StartElement); ok && el.Name.Local == "polygon" {
			polygons++
		}
	}
	if polygons != len(replicas) {
		t.Errorf("%d areas for %d replicas", polygons, len(replicas))
	}
}
