package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
)

// consumer is a client of the service, composed as the README says.
type consumer struct {
	entrance
	instances *sd.Instancer
	close     func() error // may be called again

	mu       sync.Mutex             // guards answered
	answered map[string][]time.Time // when, by the instance; nil before the first
}

// consume opens the consumer and records every set that its callers see.
func (t *trial) consume() {
	d := t.door
	if d.open == nil {
		d = doors()[0]
	}
	params := t.consumerParams
	if d.wire != overHTTP {
		params = append([]string{"transport=" + d.wire}, params...)
	}
	target := withParams(t.registry.consumer(), params...)
	instances, err := sd.Open(target, sd.InstancerConfig{}, schemes(consul.Config{})...)
	t.must(err)
	c := &consumer{instances: instances, entrance: d.open(t, target, instances)}
	t.consumer = c
	t.mu.Lock()
	t.history.Published = nil // of an earlier consumer
	t.mu.Unlock()
	quit, seen := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(seen)
		t.see(instances, quit)
	}()
	c.close = sync.OnceValue(func() error {
		close(quit)
		<-seen
		err := c.entrance.close()
		instances.Stop()
		return err
	})
	t.later(c.close)
}

// see records what callers see, until quit is closed.
func (t *trial) see(instances *sd.Instancer, quit <-chan struct{}) {
	for {
		s, changed := instances.Snapshot()
		seen := sighting(s)
		seen.At = time.Now()
		t.mu.Lock()
		seen.Epoch = t.epoch
		t.history.Published = append(t.history.Published, seen)
		t.mu.Unlock()
		select {
		case <-changed:
		case <-quit:
			return
		}
	}
}

// now is what callers see.
func (c *consumer) now() history.Sighting {
	s, _ := c.instances.Snapshot()
	return sighting(s)
}

func sighting(s sd.Snapshot) (seen history.Sighting) {
	for _, in := range s.Instances {
		if in.ID == markerID || strings.HasSuffix(in.ID, "/"+markerID) {
			seen.Marker, _ = strconv.ParseInt(in.Version, 10, 64) // 0 is a violation by itself
			continue
		}
		seen.Members = append(seen.Members, history.Member{
			ID: in.ID, Addr: in.For(overHTTP).Addr, Callable: in.State == sd.Up || in.State == sd.Warning,
		})
		if in.State == sd.Draining {
			seen.Draining = append(seen.Draining, in.ID)
		}
	}
	return seen
}

// call makes one call.
func (t *trial) call() error {
	ctx, cancel := context.WithTimeout(t.ctx, callTimeout)
	defer cancel()
	id, err := t.consumer.call(ctx)
	if err == nil && id == "" {
		err = errors.New("an answer without a word")
	}
	if err == nil {
		t.consumer.answeredBy(id)
	}
	return err
}

func (c *consumer) answeredBy(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered == nil {
		c.answered = map[string][]time.Time{}
	}
	c.answered[id] = append(c.answered[id], time.Now())
}

// heard is when an instance has answered calls, since a moment.
func (c *consumer) heard(id string, since time.Time) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.answered[id]
	i, _ := slices.BinarySearchFunc(all, since, time.Time.Compare)
	return slices.Clone(all[i:])
}
