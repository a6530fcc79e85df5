package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/internal/timeline"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
)

// What a stage has: two services, of which one starts and stops, and callers.
const (
	leaver   = "addsvc-1"
	stayer   = "addsvc-2"
	rate     = 100                  // calls a second, over each wire
	distance = 5 * time.Millisecond // to etcd and back
)

// stage is where a life is played.
type stage struct {
	etcd    *servers.Process
	network *servers.Proxy // before it
	target  string
	watch   sync.WaitGroup
	unwatch context.CancelFunc
	others  []*process
	callers []*caller // over HTTP, and over gRPC

	mu     sync.Mutex // guards listed
	listed map[string]*timeline.Track
}

// life starts a service, lets it serve for a while and stops it, under calls.
func life(ctx context.Context, while time.Duration) (*timeline.Recording, error) {
	s := &stage{listed: map[string]*timeline.Track{}}
	st, err := s.play(ctx, while)
	if err = errors.Join(err, s.close()); err != nil {
		return nil, err
	}
	for _, c := range s.callers {
		err = errors.Join(append([]error{err}, c.failures...)...)
	}
	if err != nil {
		return nil, err
	}
	return s.tell(st), nil
}

func (s *stage) play(ctx context.Context, while time.Duration) (*story, error) {
	if err := s.setUp(ctx); err != nil {
		return nil, err
	}
	from := time.Now()
	if err := pause(ctx, while/5); err != nil {
		return nil, err
	}
	p, err := s.launch(ctx, leaver)
	if err != nil {
		return nil, err
	}
	if err := s.called(ctx, p); err != nil {
		return nil, err
	}
	if err := pause(ctx, while); err != nil {
		return nil, err
	}
	var slow sync.WaitGroup
	slow.Go(func() { s.slow(ctx, p) })
	defer slow.Wait()
	if _, err := p.await(ctx, "slow"); err != nil {
		return nil, err
	}
	term := time.Now()
	if err := p.signal(syscall.SIGTERM); err != nil {
		return nil, err
	}
	last, err := p.await(ctx, "stopped")
	if err != nil {
		return nil, err
	}
	if code, err := p.exit(ctx); err != nil || code != 0 {
		return nil, errors.Join(fmt.Errorf("exit code %d: %s", code, last.Err), err)
	}
	ended := time.Now()
	if err := pause(ctx, while/2); err != nil {
		return nil, err
	}
	return &story{process: p, steps: last.Steps, from: from, term: term, ended: ended, to: time.Now()}, nil
}

// setUp starts what is there before, and returns once calls are under way.
func (s *stage) setUp(ctx context.Context) (err error) {
	if s.etcd, err = servers.StartEtcd(ctx, servers.Options{}); err != nil {
		return err
	}
	if s.network, err = servers.StartProxy(s.etcd.Endpoint()); err != nil {
		return err
	}
	s.network.Delay(distance)
	s.target = "etcd://" + s.network.Addr() + "/addsvc"
	if err := s.follow(ctx); err != nil {
		return err
	}
	if _, err := s.launch(ctx, stayer); err != nil {
		return err
	}
	for _, wire := range []string{"", "grpc"} {
		c, err := newCaller(ctx, s.target, wire, rate)
		if err != nil {
			return err
		}
		s.callers = append(s.callers, c)
	}
	return pause(ctx, time.Second)
}

// launch starts a service that is registered when it returns.
func (s *stage) launch(ctx context.Context, id string) (*process, error) {
	p, err := launch(ctx, "-target", s.target, "-id", id, "-propagation=1m") // it ends once callers have gone, however slow the machine
	if err != nil {
		return nil, err
	}
	s.others = append(s.others, p)
	_, err = p.await(ctx, "registered")
	return p, err
}

// called returns once a service has been called over both wires.
func (s *stage) called(ctx context.Context, p *process) error {
	for len(s.callers[0].to(p.first.HTTP)) == 0 || len(s.callers[1].to(p.first.GRPC)) == 0 {
		if err := pause(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("wait until the service is called: %w", err)
		}
	}
	return nil
}

// follow notes what etcd lists, close by.
func (s *stage) follow(ctx context.Context) error {
	t, err := sd.ParseTarget("etcd://" + s.etcd.Endpoint() + "/addsvc")
	if err != nil {
		return err
	}
	w, err := etcd.Scheme(etcd.Config{}).Watcher(t)
	if err != nil {
		return err
	}
	ctx, s.unwatch = context.WithCancel(ctx)
	s.watch.Go(func() {
		_ = w.Watch(ctx, func(set []sd.Instance) {
			states := map[string]string{}
			for _, in := range set {
				states[in.ID] = in.State.String()
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			setAll(s.listed, states)
		}) // a watch that broke is a gap in the picture
	})
	return nil
}

// slow makes a call that is still in flight when nothing is accepted any more.
func (s *stage) slow(ctx context.Context, p *process) {
	s.callers[0].note(p.first.HTTP, time.Now(), func() error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.first.HTTP+"/slow", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			err = errors.New(resp.Status)
		}
		return errors.Join(err, resp.Body.Close())
	}())
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
func (s *stage) close() (err error) {
	for _, c := range s.callers {
		err = errors.Join(err, c.close())
	}
	for _, p := range s.others {
		err = errors.Join(err, p.end())
	}
	if s.unwatch != nil {
		s.unwatch()
	}
	s.watch.Wait()
	if s.network != nil {
		err = errors.Join(err, s.network.Close())
	}
	if s.etcd != nil {
		err = errors.Join(err, s.etcd.Close())
	}
	return err
}
