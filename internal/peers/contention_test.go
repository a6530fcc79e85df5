package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

// TestContention runs it for a moment: both systems are told of, and what is
// written are profiles.
func TestContention(t *testing.T) {
	file := filepath.Join(t.TempDir(), "waits")
	var out bytes.Buffer
	if err := command([]string{"-contention=" + file, "-span=1ms"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, system := range []string{"kitgen", "gokit"} {
		if !strings.Contains(out.String(), "\n"+system+": ") {
			t.Errorf("the output says nothing of %s:\n%s", system, out.String())
		}
		for _, what := range []string{"mutex", "block"} {
			b, err := os.ReadFile(file + "." + system + "." + what)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = profile.ParseData(b); err != nil {
				t.Errorf("%s of %s: %v", what, system, err)
			}
		}
	}
}

// TestWaitsDuring: what is waited for is found, and only what is waited for then.
func TestWaitsDuring(t *testing.T) {
	var out bytes.Buffer
	if err := contention(filepath.Join(t.TempDir(), "before"), time.Millisecond, &out); err != nil { // leaves waits behind
		t.Fatal(err)
	}
	w, err := waitsDuring(func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(topFrames(w.mutex), topFrames(w.block)...) {
		if strings.Contains(f.name, "gobreaker") || strings.Contains(f.name, "lb.Retry") {
			t.Errorf("%s waited %v ns while nobody called", f.name, f.ns)
		}
	}
}

func TestTopFrames(t *testing.T) {
	function := func(name string) *profile.Function {
		name, file, _ := strings.Cut(name, " ")
		return &profile.Function{Name: name, Filename: file}
	}
	stack := func(count, ns int64, functions ...string) *profile.Sample {
		s := &profile.Sample{Value: []int64{count, ns}}
		for _, f := range functions {
			s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: function(f)}}})
		}
		return s
	}
	got := topFrames(&profile.Profile{Sample: []*profile.Sample{
		stack(1, 10, "sync.(*Mutex).Unlock", "a.B", "a.C", "main.timed /x/peers/meter.go"),
		stack(2, 30, "sync.(*RWMutex).Unlock", "a.B", "a.C"),
		stack(1, 90, "internal/sync.(*Mutex).Unlock", "d.E", "runtime.goexit"),
		stack(1, 5, "runtime.unlock", "runtime.schedule"),
		stack(9, 900, "sync.(*WaitGroup).Wait", "main.timed /x/peers/meter.go"),
		stack(9, 900, "runtime.chanrecv1", "github.com/zeromicro/go-zero/core/stat.init.1.func1"),
		stack(1, 7, "runtime.selectgo", "main.goKitRetry.Retry.func4 /x/sd/lb/retry.go", "a.C"),
		stack(0, 0, "sync.(*Mutex).Unlock", "before.Now"),
	}})
	want := []frame{{"d.E", 90, 1}, {"a.B of a.C", 40, 3}, {"lb/retry.go: Retry.func4 of a.C", 7, 1}, {"runtime.schedule", 5, 1}}
	if len(got) != len(want) {
		t.Fatalf("frames = %v; want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("frame %d = %v; want %v", i, got[i], want[i])
		}
	}
}
