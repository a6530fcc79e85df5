package dev

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/localetcd"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

// ttl is how long etcd lists a replica that was killed: as short as the library
// lets it be.
const ttl = "6s"

func (s *session) openRegistry(ctx context.Context) error {
	if s.registry != "" {
		return nil
	}
	ports, err := child.FreePorts(1)
	if err != nil {
		return err
	}
	log := s.book.source("etcd")
	s.etcd = &unit{name: "etcd", log: log, state: down, launch: func(ctx context.Context) (*process, error) {
		e, err := localetcd.Start(ctx, localetcd.Config{Dir: filepath.Join(s.place, "etcd"), Listen: ports[0], Log: log})
		if err != nil {
			return nil, err
		}
		return &process{Process: e.Process, log: log}, nil
	}}
	s.registry = "etcd://" + ports[0] + "?ttl=" + ttl
	return s.start(ctx, s.etcd)
}

func schemes() []sd.Scheme {
	return []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})}
}

// silence is how long a registry may take to answer before somebody is told what
// the session waits for.
const silence = 3 * time.Second

// reach waits until the registry answers: replicas start without it, but nobody
// could find them.
func (s *session) reach(ctx context.Context, f *fleet) error {
	ctx, cancel := context.WithTimeoutCause(ctx, arrival, fmt.Errorf("after %s", arrival))
	defer cancel()
	late := time.NewTimer(silence)
	defer late.Stop()
	for {
		snapshot, changed := f.instances.Snapshot()
		if snapshot.Synced {
			return nil
		}
		target, _ := sd.ParseTarget(s.registry) // it was opened; printed so, it shows no password
		select {
		case <-changed:
		case <-late.C:
			s.book.say("waiting for the registry: %s does not answer%s; start it, or leave out --registry, and there is an etcd of kitgen's own", target, because(snapshot.Err))
		case <-ctx.Done():
			return fmt.Errorf("--registry: %s does not answer, %w%s; start it, or leave out --registry, and there is an etcd of kitgen's own", target, context.Cause(ctx), because(snapshot.Err))
		}
	}
}

// because is a reason, if it is known.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
