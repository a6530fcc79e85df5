package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport"
)

// spoken is a stream that says who it is for a second, and then ends with end,
// or never if that is nil.
type spoken struct {
	ctx  context.Context
	id   string
	left int
	end  error
}

func (s *spoken) next() (string, error) {
	if s.left--; s.left >= 0 {
		time.Sleep(pulse)
		return s.id, nil
	}
	if s.end == nil {
		<-s.ctx.Done()
		return "", s.ctx.Err()
	}
	return "", s.end
}

// held holds two streams for a while to instances that are new each time, or all
// the same.
func held(t *testing.T, same bool, end error) result {
	t.Helper()
	return play(t, func(t *trial) {
		var n atomic.Int64
		t.consumer = &consumer{entrance: entrance{
			call: func(context.Context) (string, error) { return "a", nil },
			watch: func(ctx context.Context) (stream, error) {
				time.Sleep(20 * time.Millisecond)
				id := "a"
				if !same {
					id = fmt.Sprint(n.Add(1))
				}
				return &spoken{ctx: ctx, id: id, left: 10, end: end}, nil
			},
		}}
		t.drive(1)
		t.hold(2)
		t.last(15 * time.Second)
		t.streams.stop()
		t.streams.report()
		t.load.stop()
		t.consumer = nil // there is nothing for the promises to look at
	})
}

func TestStreamsAreHandedOver(t *testing.T) {
	res := held(t, false, transport.ErrStopping)
	if res.failed() || res.Failed != 0 || res.HandedOver < 10 || res.MeasuredMS != 120 {
		t.Errorf("%+v; want no violation, and 120 ms from an end to the next word", res)
	}
	if !strings.Contains(res.Notes[0], "were handed over, 2") || strings.Contains(res.Notes[0], " 0 of them") {
		t.Errorf("note %q; want how many, all of them told", res.Notes[0])
	}
}

// Each ending must be noticed.
func TestStreamsThatEndAsNoneMay(t *testing.T) {
	for name, tt := range map[string]struct {
		same bool
		end  error
		want string
	}{
		"as if all had been said":      {end: io.EOF, want: "ended as if all had been said"},
		"wrapped, and yet the same":    {end: fmt.Errorf("read: %w", io.EOF), want: "ended as if all had been said"},
		"as if the caller had left":    {end: context.Canceled, want: "would not call again for: context canceled"},
		"with an error of the service": {end: &transport.Error{Status: 500}, want: "would not call again for"},
		"never, and says nothing":      {end: nil, want: "nothing came for 10s, and no end"},
		"and begins where it was":      {same: true, end: transport.ErrStopping, want: "opened at a, where one had just ended"},
	} {
		t.Run(name, func(t *testing.T) {
			res := held(t, tt.same, tt.end)
			if got := strings.Join(res.Violations, "\n"); !res.failed() || !strings.Contains(got, tt.want) {
				t.Errorf("violations %q; want %q", got, tt.want)
			}
		})
	}
}

func TestStreamsThatCannotBeOpenedAreFailedCalls(t *testing.T) {
	res := play(t, func(t *trial) {
		t.consumer = &consumer{entrance: entrance{
			call:  func(context.Context) (string, error) { return "a", nil },
			watch: func(context.Context) (stream, error) { time.Sleep(time.Second); return nil, errors.New("refused") },
		}}
		t.drive(1)
		t.hold(1)
	})
	if res.Failed < 100 || !strings.Contains(res.Violations[0], "all streams have begun") {
		t.Errorf("%+v; want failed calls, and that the streams never began", res)
	}
}
