package lb

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	kitsd "github.com/go-kit/kit/sd"
)

// cache is an Instancer with go-kit's manners: it sends while it holds the lock
// that Register and Deregister need.
type cache struct {
	mu    sync.Mutex
	state kitsd.Event
	to    map[chan<- kitsd.Event]bool
}

func (c *cache) Register(ch chan<- kitsd.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.to == nil {
		c.to = map[chan<- kitsd.Event]bool{}
	}
	c.to[ch] = true
	ch <- c.state
}

func (c *cache) Deregister(ch chan<- kitsd.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.to, ch)
}

func (c *cache) Stop() { panic("a pool does not stop its source") }

func (c *cache) send(e kitsd.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = e
	for ch := range c.to {
		ch <- e
	}
}

func TestPoolFollowsGoKitEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := &cache{state: kitsd.Event{Err: errors.New("down")}}
		p := start(t, src, &fleet{}, PoolConfig{})
		_, err := p.Endpoints()
		wantErr(t, err, ErrNoEndpoints, "no endpoints available: not synced yet: the source of instances has not answered: down")

		src.send(kitsd.Event{Instances: []string{"b", "a"}})
		synctest.Wait()
		wantOffered(t, p, "a", "b")
		src.send(kitsd.Event{Err: errors.New("down")})
		synctest.Wait()
		wantOffered(t, p, "a", "b")
		src.send(kitsd.Event{Instances: []string{}})
		synctest.Wait()
		wantOffered(t, p)
		src.send(kitsd.Event{Err: errors.New("down again")})
		synctest.Wait()
		_, err = p.Endpoints()
		wantErr(t, err, ErrNoEndpoints, "no endpoints available: the source is stale: down again")
	})
}

// A source that broadcasts all the time must neither block nor be blocked by a
// pool that closes.
func TestCloseLetsGoOfABusySource(t *testing.T) {
	src := &cache{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				src.send(kitsd.Event{Instances: letters(i % 5)})
			}
		}
	})
	for range 50 {
		f := &fleet{}
		if err := NewPool(src, f.factory, PoolConfig{}).Close(); err != nil {
			t.Error(err)
		}
		for _, addr := range letters(5) {
			if made, closed := f.count(addr); made != closed {
				t.Errorf("%s: connected %d times, closed %d times", addr, made, closed)
			}
		}
	}
	close(stop)
	wg.Wait()
	if len(src.to) != 0 {
		t.Errorf("%d channels are still registered", len(src.to))
	}
}

// An Instancer whose Register blocks must not block NewPool.
func TestNewPoolDoesNotWaitForRegister(t *testing.T) {
	src := &cache{}
	src.mu.Lock()
	p := NewPool(src, (&fleet{}).factory, PoolConfig{}) // or the test hangs
	_, err := p.Endpoints()
	wantErr(t, err, ErrNoEndpoints, "no endpoints available: not synced yet: the source of instances has not answered")
	src.mu.Unlock()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestAClosedChannelChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, closing{"a"}, &fleet{}, PoolConfig{})
		wantOffered(t, p, "a")
	})
}

// closing is an Instancer that closes its readers' channels.
type closing []string

func (c closing) Register(ch chan<- kitsd.Event) {
	ch <- kitsd.Event{Instances: c}
	close(ch)
}
func (closing) Deregister(chan<- kitsd.Event) {}
func (closing) Stop()                         {}
