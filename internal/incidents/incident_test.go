package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestIncidents plays every incident, six times as fast as for the pictures.
func TestIncidents(t *testing.T) {
	t.Parallel()
	better := map[string]func(without, with numbers) bool{
		"failing":  func(without, with numbers) bool { return with.lost() < without.lost() && with.First < without.First },
		"hanging":  func(without, with numbers) bool { return with.First < without.First },
		"storm":    func(without, with numbers) bool { return with.Bottom < without.Bottom },
		"overload": func(_, with numbers) bool { return with.Rejected+with.Failed > 0 && with.Succeeded > 0 },
		"tail":     func(_, with numbers) bool { return with.Attempts > 0 && with.Failed == 0 },
		"leavers":  func(without, with numbers) bool { return with.Left > 0 && with.lost() <= without.lost() },
	}
	for _, in := range incidents() {
		t.Run(in.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			for left := 2; ; left-- { // a busy machine may have been busier with either
				r, err := in.play(ctx, 6)
				if err != nil {
					t.Fatal(err)
				}
				checkPicture(t, in, r)
				if r.Without.Fault.Calls > 0 && r.With.Fault.Calls > 0 && better[in.name](r.Without.Fault, r.With.Fault) {
					return
				}
				if left == 0 {
					t.Fatalf("during the fault, without %+v\nand with %+v", r.Without.Fault, r.With.Fault)
				}
			}
		})
	}
}

// TestAnIncidentThatFailsLeavesNothingBehind relies on goleak in TestMain.
func TestAnIncidentThatFailsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in := failing()
	in.begin = func(*stage) error { cancel(); return nil }
	if _, err := in.play(ctx, 6); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("an incident whose context ended was played: %v", err)
	}
}

// TestLoad is how many calls are due, before, in and after a fault with more.
func TestLoad(t *testing.T) {
	in := incident{rate: 10, peak: 100, length: 6 * time.Second, fault: fault{"", 2 * time.Second, 4 * time.Second}}
	for at, want := range map[time.Duration]int{-warmUp: 0, 0: 15, time.Second: 25, 3 * time.Second: 135, 5 * time.Second: 245} {
		if n, more := in.due(at); n != want || !more {
			t.Errorf("at %v: %d, %t; want %d", at, n, more, want)
		}
	}
	if _, more := in.due(6 * time.Second); more {
		t.Error("there are calls after the end")
	}
}
