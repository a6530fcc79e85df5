package main

import (
	"context"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/internal/timeline"
)

// TestLife plays what is drawn, for a shorter while. No call may fail, and the
// moments have one order.
func TestLife(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // only if something hangs
	defer cancel()
	rec, err := life(ctx, 300*time.Millisecond)
	check(t, err)
	calls, failed := count(rec)
	if calls == 0 || failed != 0 {
		t.Errorf("%d calls, %d failed", calls, failed)
	}
	var order []string
	for _, m := range rec.Marks {
		order = append(order, m.Label)
	}
	want := []string{
		"process starts", "self-probes answered", "registered", "first call",
		"SIGTERM", "deregistered", "removal seen, no new call for 1s", "last call answered", "exit",
	}
	if len(order) > 3 && order[2] == "first call" { // its callers may learn of it before it does
		order[2], order[3] = order[3], order[2]
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("moments (-want +got):\n%s", diff)
	}
	one := rec.Lanes[0]
	if diff := cmp.Diff([]string{"up", "draining", ""}, states(one.Listed)); diff != "" {
		t.Errorf("etcd's list of it (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{starting, serving, leaving, draining, ""}, states(one.Bands[0].Track)); diff != "" {
		t.Errorf("the process (-want +got):\n%s", diff)
	}
	for _, b := range one.Bars {
		if len(b.Calls) == 0 {
			t.Errorf("there were no %s", b.Caption)
		}
	}
	checkXML(t, timeline.Picture(rec))
}

func states(t timeline.Track) (names []string) {
	for _, c := range t {
		names = append(names, c.State)
	}
	return names
}

func checkXML(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"give -svg a file":         {},
		"flag provided but not":    {"-png", "x"},
		"nowhere: not a folder":    {"-scenes", "nowhere"},
		"unexpected argument docs": {"docs"},
	} {
		if err := draw(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
	file := filepath.Join(t.TempDir(), "no", "folder.svg")
	if err := draw(t.Context(), []string{"-svg", file}, io.Discard); err == nil || !strings.HasPrefix(err.Error(), "-svg "+file+": its folder is not there") {
		t.Errorf("a folder that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	file = filepath.Join(t.TempDir(), "life.svg")
	if err := draw(ended, []string{"-svg", file}, io.Discard); err == nil {
		t.Error("a life that was never lived was drawn")
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a picture of nothing was written")
	}
	if err := runService(t.Context(), []string{"-target", "etcd://"}, strings.NewReader(""), io.Discard); err == nil {
		t.Error("a target without a host was taken")
	}
}
