package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// scene is one story and its picture.
type scene struct {
	name  string // of the file
	title string // what to look for
	note  string // the conditions
	play  func(context.Context, *stage) error
}

// away are the conditions of every scene.
const away = "200 calls a second, each 15 ms of work; etcd is 5 ms away."

func scenes() []scene {
	return []scene{
		{"joining", "Joining: an instance registers once it is ready, and is called a moment later", away, joining},
		{"leaving", "Leaving: within milliseconds of SIGTERM calls go elsewhere, and none fails", away + " The instance answers until it exits.", leaving},
		{"outage", "Outage: etcd dies and comes back empty, and callers notice nothing", away + " A lease lasts 6 s.", outage},
	}
}

// run plays the scene. ctx bounds it.
func (sc scene) run(ctx context.Context, p pace) (*Recording, error) {
	s := &stage{pace: p, rec: newRecorder()}
	err := sc.play(ctx, s)
	var from, to time.Time
	if err == nil {
		from, to, err = s.linger(ctx)
	}
	if err = errors.Join(err, s.close()); err != nil {
		return nil, err
	}
	rec := s.rec.recording()
	rec.Title, rec.Note, rec.From, rec.To = sc.title, sc.note, from, to
	return rec, nil
}

// joining starts a third instance under load.
func joining(ctx context.Context, s *stage) error {
	if err := s.setUp(ctx, 2); err != nil {
		return err
	}
	r, err := s.launch()
	if err != nil {
		return err
	}
	var first time.Time
	err = s.until(ctx, "the new instance is called", func() bool {
		attempts := s.rec.attemptsAt(r.id)
		if len(attempts) > 0 {
			first = attempts[0].At
		}
		_, registered := r.at("registered")
		return registered && len(attempts) > 0
	})
	if err != nil {
		return err
	}
	s.rec.mark(r.started, "process starts", r.id)
	for _, name := range []string{"ready", "registered"} {
		at, _ := r.at(name)
		s.rec.mark(at, name, r.id)
	}
	s.rec.mark(first, "first call", r.id)
	return nil
}

// leaving tells one of three instances to stop, under load.
func leaving(ctx context.Context, s *stage) error {
	if err := s.setUp(ctx, 3); err != nil {
		return err
	}
	r := s.replicas[2]
	s.rec.mark(time.Now(), "SIGTERM", r.id)
	if err := r.term(); err != nil {
		return err
	}
	var failure error
	err := s.until(ctx, "the process has ended", func() (over bool) {
		over, failure = r.over()
		return over
	})
	if err = errors.Join(err, failure); err != nil {
		return err
	}
	if at, ok := s.rec.last(r.id, draining); ok {
		s.rec.mark(at, "draining", r.id)
	}
	if at, ok := s.rec.last(r.id, none); ok {
		s.rec.mark(at, "deregistered", r.id)
	}
	if attempts := s.rec.attemptsAt(r.id); len(attempts) > 0 {
		s.rec.mark(attempts[len(attempts)-1].At, "last call", r.id)
	}
	s.rec.mark(r.ended, "exit", r.id)
	return nil
}

// outage takes etcd and its data away for longer than a lease.
func outage(ctx context.Context, s *stage) error {
	if err := s.setUp(ctx, 3); err != nil {
		return err
	}
	killed := time.Now()
	if err := s.registry.wipe(); err != nil {
		return err
	}
	s.rec.mark(killed, "etcd killed", "")
	s.rec.mark(killed.Add(ttl), "lease would have ended", "")
	if err := pause(ctx, s.pace.outage); err != nil {
		return err
	}
	if err := s.registry.restart(ctx); err != nil {
		return err
	}
	s.rec.mark(time.Now(), "etcd back, empty", "")
	if err := s.until(ctx, "all are registered again", s.allListed); err != nil {
		return err
	}
	s.rec.mark(time.Now(), "all registered again", "")
	if err := s.until(ctx, "the consumer has heard of that", s.allKnown); err != nil {
		return fmt.Errorf("%w: %s", err, s.consumer.instances.Explain())
	}
	return nil
}
