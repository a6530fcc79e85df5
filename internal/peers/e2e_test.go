package main

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestWireLimits: what is said of ours, by the floor and the peers.
func TestWireLimits(t *testing.T) {
	of := func(name string, callers int, rate, added float64) result {
		return result{Name: name, Goroutines: callers, E2E: &endToEnd{RateRatio: rate, P50Added: added}}
	}
	for _, c := range []struct {
		name, want string
		beside     []result
		ours       result
	}{
		{"alone", "met", nil, of("kitgen/e2e/grpc", 128, 0.9, 900)},
		{"rate", "missed x0.90", nil, of("kitgen/e2e/grpc", 128, 0.89, 0)},
		{"rate of few", "met", []result{of("floor/e2e/grpc", 128, 1, 0)}, of("kitgen/e2e/grpc", 16, 0.5, 0)},
		{"median", "missed +5 µs", []result{of("floor/e2e/grpc", 128, 1, 0)}, of("kitgen/e2e/grpc.3", 1, 0.5, 5.1)},
		{"median over HTTP", "met", []result{of("floor/e2e/http", 128, 1, 0)}, of("kitgen/e2e/http", 1, 0.5, 5.1)},
		{"peers", "missed behind kitex", []result{
			of("kitex/e2e/grpc", 128, 1.1, 0), of("gokit/e2e/grpc", 128, 0.9, 0), of("kratos/e2e/http", 128, 2, 0),
			of("golang/e2e/grpc.deadline", 128, 2, 0), of("gozero/e2e/grpc", 16, 2, 0),
		}, of("kitgen/e2e/grpc", 128, 1, 0)},
	} {
		judgeWires(append(c.beside, c.ours))
		if got := c.ours.E2E.Verdict; got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

// TestWireThatFails: it is told once, and the others are measured.
func TestWireThatFails(t *testing.T) {
	r := newRun(plan{callers: []int{2}, wireRounds: 2, wireSpan: time.Millisecond}, &bytes.Buffer{})
	open := func(system, answer string) *openLine {
		call := func(context.Context, string) (string, error) { return answer, nil }
		return &openLine{row{system, wireGRPC, 1, nil}, line{call: call}}
	}
	r.wire(open(floorName, said), []*openLine{open("deaf", "what?"), open("x", said)})
	if len(r.errs) != 1 || !errors.Is(r.errs[0], errOtherAnswer) || !strings.HasPrefix(r.errs[0].Error(), "deaf/e2e/grpc, 1 instances: ") {
		t.Errorf("errors = %v; want one that names the row", r.errs)
	}
	if got := r.rec.results(); len(got) != 2 || got[0].E2E == nil || got[0].E2E.RateRatio != 1 {
		t.Errorf("measured %+v; want the floor and x", got)
	}
}

// BenchmarkWires is for profiles of one row, by one caller and by 128:
// -bench Wires/kitgen/e2e/grpc$/128 -cpuprofile FILE, or -memprofile FILE -memprofilerate 1.
func BenchmarkWires(b *testing.B) {
	for _, r := range wireRows() {
		b.Run(r.name(), func(b *testing.B) {
			l, err := r.open()
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := l.close(); err != nil {
					b.Error(err)
				}
			}()
			b.Run("1", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					sayTo(b, l.call)
				}
			})
			b.Run("128", func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(max(1, 128/runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						sayTo(b, l.call)
					}
				})
			})
		})
	}
}

func sayTo(b *testing.B, call echoed) {
	if text, err := call(context.Background(), said); err != nil || text != said {
		b.Errorf("answer = %q, %v", text, err)
	}
}
