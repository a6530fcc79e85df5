package lb

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	serverload "github.com/kitgen/kitgen/internal/load"
)

// workers is how many probes are under way at a time. Picks leave as many more
// to them; what is beyond that is not asked.
const workers = 16

// question is one or several probes that are due.
type question struct {
	place uint32 // whom to ask: this share of the way through the slots
	step  uint32 // from there to the next
	left  int    // how many
}

// on returns the question without its first probe.
func (q question) on() question { return question{q.place + q.step, q.step, q.left - 1} }

// whom returns whom to ask; nil if there is nobody.
func (b *Probing) whom(q question) *subject {
	all := *b.subjects.Load()
	if len(all) == 0 {
		return nil
	}
	i, _ := bits.Mul32(q.place, uint32(len(all)))
	return all[i]
}

// ask has different servers asked, as many as there are to be. It costs the
// caller one hand-over: who takes the question hands on the rest of it.
func (b *Probing) ask() {
	n := min(perPick, len(*b.subjects.Load()))
	if n == 0 {
		return
	}
	r := b.set.root().dice()
	q := question{uint32(r.roll() >> 32), uint32((1 << 32) / uint64(n)), n}
	if b.cfg.Send == nil {
		b.due(q)
		return
	}
	for ; q.left > 0; q = q.on() {
		if s := b.whom(q); s != nil {
			b.cfg.Send(s.node.addr, s.answered)
		}
	}
}

// due leaves q to the workers, unless they have enough to do.
func (b *Probing) due(q question) {
	select {
	case b.asked <- q:
	default:
	}
}

// start starts the workers. The pool's Close waits for them too.
func (b *Probing) start() {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	root := b.set.root()
	root.mu.Lock()
	defer root.mu.Unlock()
	if b.cfg.Send != nil || root.shut {
		stop()
		return
	}
	for range workers {
		b.workers.Go(func() { b.work(ctx) })
	}
	root.wg.Go(func() {
		select {
		case <-root.done:
			stop()
		case <-ctx.Done():
		}
		b.workers.Wait()
	})
}

func (b *Probing) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-b.asked:
			if q.left > 1 {
				b.due(q.on())
			}
			if s := b.whom(q); s != nil {
				s.query(ctx)
			}
		}
	}
}

// query asks and takes in the answer, unless somebody is waiting for one already.
func (s *subject) query(ctx context.Context) {
	if s.busy.Swap(true) {
		return
	}
	defer s.busy.Store(false)
	timed, cancel := context.WithTimeout(ctx, s.b.cfg.Timeout)
	defer cancel()
	inFlight, latency, err := s.probe(timed)
	if ctx.Err() == nil { // else it is closing
		s.answered(inFlight, latency, err)
	}
}

// prober is a closer that can ask its instance.
type prober interface {
	Probe(ctx context.Context) (inFlight int, latency time.Duration, err error)
}

var errNoProbe = errors.New("neither has the factory's closer a method Probe, as those of kithttp.Factory and kitgrpc.Factory, nor is there a ProbingConfig.Probe")

// probe calls somebody else's code, and makes a panic in it an error.
func (s *subject) probe(ctx context.Context) (inFlight int, latency time.Duration, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if s.b.cfg.Probe != nil {
		return s.b.cfg.Probe(ctx, s.node.addr)
	}
	if p, ok := s.node.closer.(prober); ok {
		return p.Probe(ctx)
	}
	return 0, 0, errNoProbe
}

// answered takes in what came of asking. A server that does not answer is not
// believed any more.
func (s *subject) answered(inFlight int, latency time.Duration, err error) {
	if err == nil {
		s.b.said(s.node, inFlight, latency, false)
	} else {
		s.b.answers.forget(s.node)
	}
	if mute := err != nil; s.mute.Swap(mute) != mute {
		s.b.recount()
		if logger := s.node.pool.cfg.Logger; mute {
			logger.Log("msg", "instance does not say how busy it is, and gets few calls", "instance", s.node.id, "err", err)
		} else {
			logger.Log("msg", "instance says again how busy it is", "instance", s.node.id)
		}
	}
}

// recount counts whom cannot be asked.
func (b *Probing) recount() {
	b.answers.mu.Lock()
	defer b.answers.mu.Unlock()
	n := int32(0)
	for _, s := range *b.subjects.Load() {
		if s.mute.Load() {
			n++
		}
	}
	b.mute.Store(n)
}

// unasked says, by chance, whether a pick should not go by what servers say,
// because some say nothing.
func (b *Probing) unasked() bool {
	mute := int(b.mute.Load())
	if mute == 0 {
		return false
	}
	r := b.set.root().dice()
	return r.below(len(*b.subjects.Load())) < mute
}

// subject returns a new one.
func (b *Probing) subject(sl *slot) *subject {
	s, call := &subject{b: b, node: sl.node}, sl.call
	s.call = func(ctx context.Context, request any) (any, error) { return call(serverload.With(ctx, s), request) }
	return s
}

// Receive implements load.Receiver.
func (s *subject) Receive(r serverload.Report) { s.b.said(s.node, r.InFlight, r.Latency, true) }
