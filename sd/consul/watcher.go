package consul

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Watcher = (*Watcher)(nil)

// ErrBlind is in the error of a Watch whose token may not see the service:
// Consul answers such with an empty list, as if nobody were there.
var ErrBlind = errors.New("the client's token may not see the service")

// Watcher follows the instances of a service in Consul. It may be used by any
// number of goroutines.
type Watcher struct{ registry }

// NewWatcher makes a Watcher of the instances registered as service. It does
// not touch the network; Watch tells what is wrong with its arguments.
func NewWatcher(c *api.Client, service string, cfg Config) *Watcher {
	return &Watcher{newRegistry(c, service, cfg)}
}

// NewInstancer is sd.NewInstancer on a new Watcher, with cfg.Instancer.
func NewInstancer(c *api.Client, service string, cfg Config) *sd.Instancer {
	if cfg.Instancer.Logger == nil {
		cfg.Instancer.Logger = cfg.Logger
	}
	return sd.NewInstancer(NewWatcher(c, service, cfg), cfg.Instancer)
}

// String says what is watched. What Consul leaves out of an answer, such as by a
// filter, is no part of it.
func (w *Watcher) String() string {
	parts := []string{"consul " + w.service}
	for _, part := range []struct{ what, value string }{{"ns", w.cfg.Namespace}, {"partition", w.cfg.Partition}, {"dc", w.cfg.Datacenter}} {
		if part.value != "" {
			parts = append(parts, part.what+"="+part.value)
		}
	}
	return strings.Join(parts, " ")
}

// rereadEvery is how often the service is read anew rather than waited on.
const rereadEvery = 5 * time.Minute

// Watch calls update with the full set of instances, once it is known and
// whenever it changes, until ctx ends or a query fails. Critical instances and
// those in maintenance are in it, marked as such; what Consul says is judged
// here. An answer that is empty counts when a second, consistent one agrees.
// One that Config.Healthy or Limit leaves out from now on is told as Draining
// once, so that nobody takes it for lost.
func (w *Watcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	s, end, err := w.begin()
	if err != nil {
		return err
	}
	defer end()
	err = s.follow(ctx, &view{update: update, choose: s.choose})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("watch %s: %w", w.service, s.hint(err))
}

// follow shows v what there is, until a query fails.
func (s *session) follow(ctx context.Context, v *view) error {
	var index uint64
	anew := false // what a cache has does not do
	calm := newLimiter()
	read := time.Now()
	for {
		a, err := s.ask(ctx, index, anew)
		if err != nil {
			return err
		}
		news := false
		if anew = a.index < index; anew { // restored or replaced servers: nothing is older than 0
			index = 0
		} else {
			news = v.show(instances(a.entries))
			index = max(a.index, 1) // 0 would not wait
			if time.Since(read) > jitter(rereadEvery, 0.2) {
				index, anew, read = 0, true, time.Now()
			}
		}
		if !calm.wait(ctx, len(a.entries), news) {
			return ctx.Err()
		}
	}
}
