package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// three are one of each kind.
func three() []result {
	yes, no := true, false
	return []result{
		{Row: "1 etcd", Fault: "SIGKILL", Then: "it is gone", BoundMS: 7000, MeasuredMS: 5284, Calls: 100, Again: "the second try", OK: &yes},
		{Row: "2 etcd", Fault: "SIGTERM", Then: "it is gone", BoundMS: 100, MeasuredMS: 250, Calls: 100, Failed: 3, HandedOver: 7, OK: &no, Violations: []string{"it is gone after 250ms, bound 100ms"}, Notes: []string{"a note"}},
		{Row: "3 etcd", Fault: "the disk is full", BoundMS: 1000, NotRun: "it takes a mount"},
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	for _, r := range three() {
		printResult(&out, r)
	}
	printNotRun(&out, three())
	for _, want := range []string{
		"ok    1 etcd", "bound   7.000 s  measured   5.284 s  failed 0 of 100\n       the second try\n",
		"FAIL  2 etcd", "failed 3 of 100, 7 streams handed over\n       it is gone after 250ms, bound 100ms\n       note: a note\n",
		"\nnot run here:\n  3 etcd, the disk is full: it takes a mount\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
	if got, want := tally(three()), "2 rows ran, 1 failed, 1 could not be run here"; got != want {
		t.Errorf("tally %q; want %q", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	got := string(markdown(three()))
	for _, want := range []string{
		"\n| 1 etcd | SIGKILL | it is gone | 7.000 s | 5.284 s | 0 of 100 | ok |\n",
		"\n| 2 etcd | SIGTERM | it is gone | 0.100 s | 0.250 s | 3 of 100, 7 streams handed over | FAIL |\n",
		"\nWhat the failed rows say:\n\n- **2 etcd** it is gone after 250ms, bound 100ms\n",
		"\nTried twice:\n\n- **1 etcd** the second try\n",
		"\nNot run there:\n\n- **3 etcd** the disk is full: it takes a mount\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the document lacks %q:\n%s", want, got)
		}
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, three()); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("not one line: %q", &out)
	}
	var back []map[string]any
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for i, ok := range []any{true, false, nil} {
		if back[i]["ok"] != ok {
			t.Errorf("row %d: ok is %v, want %v", i, back[i]["ok"], ok)
		}
	}
	for _, key := range []string{"row", "fault", "bound_ms", "measured_ms", "failed_calls"} {
		if _, has := back[0][key]; !has {
			t.Errorf("no %s in %s", key, &out)
		}
	}
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := &lines{name: "1 etcd", out: &out}
	for _, part := range []string{"ki", "ll\nthen", "\n", "and the rest"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if got, want := out.String(), "1 etcd: kill\n1 etcd: then\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnfair(t *testing.T) {
	yes, no := true, false
	for want, r := range map[bool]result{true: {OK: &no, HaltedMS: 1500}, false: {OK: &yes, HaltedMS: 1500}} {
		if r.unfair() != want {
			t.Errorf("unfair is %v of %+v", !want, r)
		}
	}
	if r := (result{OK: &no}); r.unfair() {
		t.Error("a failure on a machine that had time for it is unfair")
	}
}
