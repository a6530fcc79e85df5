package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// streams are long answers that somebody always reads: one that ends is opened
// again at once.
type streams struct {
	t      *trial
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	open    int        // those that have said something, and have not ended
	ended   int
	told    int           // of those, how many said that one may come again
	longest time.Duration // from the end of one to the first word of the next
	wrong   []string      // the first few things that may not be
	amiss   int           // how many there were
}

// hold keeps n streams open, until rest or the row's end, and returns once all
// have begun. That one cannot be opened is a failed call of the load.
func (t *trial) hold(n int) {
	ctx, cancel := context.WithCancel(t.ctx)
	s := &streams{t: t, cancel: cancel}
	t.streams = s
	t.later(func() error { s.stop(); return nil })
	for range n {
		s.done.Go(func() { s.keep(ctx) })
	}
	t.eventually("all streams have begun", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.open == n
	})
}

// keep opens a stream, and another when that has ended, until ctx ends.
func (s *streams) keep(ctx context.Context) {
	for last := (ending{}); ctx.Err() == nil; {
		now := s.follow(ctx, last)
		if ctx.Err() != nil {
			return
		}
		s.t.load.count(now.unopened)
		if now.unopened == nil {
			s.judge(now)
		}
		last = now
	}
}

// ending is how a stream ended.
type ending struct {
	id       string
	at       time.Time
	why      error
	unopened error // it never began
}

// follow reads a stream to its end.
func (s *streams) follow(ctx context.Context, last ending) (now ending) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(callTimeout, func() { cancel(errQuiet) })
	defer quiet.Stop()
	open, err := s.t.consumer.watch(ctx)
	if err == nil {
		now.id, err = open.next()
	}
	if err != nil {
		return ending{unopened: fmt.Errorf("open a stream: %w", err)}
	}
	s.began(now.id, last)
	for now.why == nil {
		quiet.Reset(callTimeout)
		_, now.why = open.next()
	}
	if errors.Is(context.Cause(ctx), errQuiet) {
		now.why = errQuiet
	}
	now.at = time.Now()
	return now
}

// errQuiet is of a stream that said nothing, and did not end either.
var errQuiet = fmt.Errorf("nothing came for %v, and no end", callTimeout)

// began counts a stream that has said something, after the last one ended.
func (s *streams) began(id string, last ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	if !last.at.IsZero() {
		s.longest = max(s.longest, time.Since(last.at))
	}
	if id == last.id {
		s.complain("a stream was opened at %s, where one had just ended", id)
	}
}

// judge counts a stream that has ended, and says what is wrong with that.
func (s *streams) judge(e ending) {
	after, told := classify.Pushback(e.why)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.ended++
	if told && after == 0 {
		s.told++
	}
	switch {
	case errors.Is(e.why, io.EOF): // of io.ErrUnexpectedEOF it is not true
		s.complain("a stream of %s ended as if all had been said", e.id)
	case errors.Is(e.why, errQuiet):
		s.complain("a stream of %s: %v", e.id, e.why)
	case !classify.Default(s.t.ctx, nil, e.why).Retryable(true), told && after < 0:
		s.complain("a stream of %s ended in a way that its client would not call again for: %v", e.id, e.why)
	}
}

// complain notes what may not be; the caller holds mu.
func (s *streams) complain(format string, args ...any) {
	if s.amiss++; len(s.wrong) < 3 {
		s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
	}
}

// stop ends all streams.
func (s *streams) stop() {
	s.cancel()
	s.done.Wait()
}

// handedOver is how many streams ended as they may.
func (s *streams) handedOver() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.ended-s.amiss)
}

// report says what became of the streams. What a row with streams measures is how
// long it took them to go on.
func (s *streams) report() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.measure(s.longest, "a stream went on")
	s.t.note("%d streams were handed over, %d of them told to come again at once; the longest gap was %v", s.ended, s.told, s.longest.Round(time.Millisecond))
	for _, w := range s.wrong {
		s.t.violate(w)
	}
	if more := s.amiss - len(s.wrong); more > 0 {
		s.t.violate(fmt.Sprintf("streams: and %d more like these", more))
	}
	if s.ended == 0 {
		s.t.violate("no stream was handed over")
	}
}
