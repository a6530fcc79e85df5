package etcd

import (
	"time"

	"github.com/kitgen/kitgen/sd"
)

// Every publish copies the whole set, so for how long changes that follow
// another are collected depends on its size: not noticeably in a small one.
const (
	gatherEach = 5 * time.Microsecond // per instance
	gatherMost = 25 * time.Millisecond
)

func gather(instances int) time.Duration {
	return min(gatherMost, time.Duration(instances)*gatherEach)
}

// publisher publishes a set: a change after a quiet moment at once, those that
// follow it closely together. Stop its timer when done.
type publisher struct {
	set    *set
	update func([]sd.Instance)
	timer  *time.Timer // runs while changes are gathered
	busy   bool        // the timer runs
}

func newPublisher(s *set, update func([]sd.Instance)) *publisher {
	p := &publisher{set: s, update: update, timer: time.NewTimer(time.Hour)}
	p.timer.Stop()
	return p
}

// offer publishes what has changed, unless that should wait for more.
func (p *publisher) offer() {
	if p.set.dirty && !p.busy {
		p.now()
	}
}

// due is to be called when the timer fires.
func (p *publisher) due() {
	p.busy = false
	p.offer()
}

// now publishes whether or not there is anything new.
func (p *publisher) now() {
	p.set.publish(p.update)
	p.busy = true
	p.timer.Reset(gather(len(p.set.entries)))
}

// flush publishes everything that waits.
func (p *publisher) flush() {
	for p.set.dirty {
		p.now()
	}
}
