package timeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	ttl  = 6 * time.Second // of a lease, the shortest that the library takes
	rate = 200             // calls a second
)

// pace is how long the parts of a scene last.
type pace struct {
	warm        time.Duration // of calls before anything is drawn, so that connections are there
	lead        time.Duration // drawn before the first mark
	outage      time.Duration // how long etcd is down
	propagation time.Duration // for which an instance goes on answering after it left
}

func defaultPace() pace {
	return pace{warm: 3 * time.Second, lead: 80 * time.Millisecond, outage: ttl + 1500*time.Millisecond, propagation: 250 * time.Millisecond}
}

// stage is where a scene is played: a registry, instances, and a consumer that
// calls them.
type stage struct {
	pace     pace
	rec      *recorder
	registry *registry
	replicas []*replica
	consumer *consumer
	rest     context.CancelFunc // ends the load
	load     sync.WaitGroup
	from     time.Time
}

// setUp starts n instances and a consumer, and returns when calls are under
// way and the window has begun.
func (s *stage) setUp(ctx context.Context, n int) (err error) {
	if s.registry, err = startRegistry(ctx, s.rec); err != nil {
		return err
	}
	for range n {
		if _, err = s.launch(); err != nil {
			return err
		}
	}
	if s.consumer, err = newConsumer(s.registry.target(), s.rec); err != nil {
		return err
	}
	if err = s.until(ctx, "everybody is known", s.allKnown); err != nil {
		return err
	}
	loading, cancel := context.WithCancel(ctx)
	s.rest = cancel
	s.load.Go(func() { s.consumer.load(loading, rate) })
	if err = pause(ctx, s.pace.warm); err != nil {
		return err
	}
	s.from = time.Now()
	return pause(ctx, s.pace.lead)
}

// launch starts one more instance; they are numbered.
func (s *stage) launch() (*replica, error) {
	r, err := launch(fmt.Sprintf("addsvc-%d", len(s.replicas)+1), s.registry.target(), s.pace.propagation, s.rec)
	if err == nil {
		s.replicas = append(s.replicas, r)
	}
	return r, err
}

// linger goes on for a third of what was drawn so far, so that the picture
// shows what came after and the last label has room, and returns its window.
func (s *stage) linger(ctx context.Context) (from, to time.Time, err error) {
	err = pause(ctx, max(time.Since(s.from)/3, 150*time.Millisecond))
	return s.from, time.Now(), err
}

func (s *stage) allListed() bool {
	return all(s.rec.states(func(l *Lane) Track { return l.Listed }))
}

func (s *stage) allKnown() bool {
	return all(s.rec.states(func(l *Lane) Track { return l.Known }))
}

func all(states []string) bool {
	return !slices.ContainsFunc(states, func(s string) bool { return s != up })
}

// until polls, because what it waits for is noted by many.
func (s *stage) until(ctx context.Context, what string, ok func() bool) error {
	for !ok() {
		if err := pause(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close ends everything, also after a set-up that did not come far.
func (s *stage) close() error {
	if s.rest != nil {
		s.rest()
	}
	s.load.Wait()
	err := s.consumer.close()
	for _, r := range s.replicas {
		r.end()
	}
	return errors.Join(err, s.registry.close())
}
