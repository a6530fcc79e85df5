package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// moreRows are about numbers, rhythm and time.
func moreRows() []row {
	return []row{
		{
			name: "24 etcd", fault: "10000 instances register within 5 s; then 5000 die at once", then: "the consumer knows who is left",
			// They register; or their leases end, at etcd's 1000 a second.
			bound: herdTTL + herdSize/1000*time.Second + 5*time.Second, alone: true, run: herds,
		},
		{
			name: "25 etcd", fault: "an instance's key comes and goes ten times a second for 10 s", then: "it is listed, and what was learned about it is kept",
			bound: time.Second, alone: true, run: flapping,
		},
		{
			name: "41 suspend", fault: "consumer and instances are suspended for 3 TTLs", then: allBack,
			bound: back, run: suspended,
		},
		{
			name: "41 step", fault: "the clock of the instances steps by an hour every 2 s, back and forth, for 4 TTLs", then: nothingLost,
			bound: time.Second, alone: true, needs: needsGo, run: clockSteps,
		},
	}
}

// elsewhereRows cannot be run here, or not without help.
func elsewhereRows() []row {
	not := func(reason string) func() error { return func() error { return errors.New(reason) } }
	return []row{
		{
			name: "23 etcd disk", fault: "etcd's disk is full", then: "as 23 etcd full, after a restart", bound: backoffCap + time.Second,
			needs: not("a full disk of its own takes a mount, which takes privileges; 23 etcd full is the same by etcd's own quota"),
		},
		{
			name: "23 etcd fsync", fault: "fsync hangs under etcd", then: "as 8 and 10", bound: back,
			needs: not("it takes a file system in user space (LazyFS) and its privileges; for clients it is a leader that is frozen, 10 etcd"),
		},
	}
}

const (
	herdSize = 5000
	herdTTL  = 15 * time.Second
)

func herds(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.consume()
	self, err := os.Executable()
	t.must(err)
	var some []*child
	t.fault("register", func() error {
		for i := range 2 {
			args := []string{"herd", "-etcd", e.server.Endpoint(), "-number", strconv.Itoa(i), "-size", strconv.Itoa(herdSize), "-spread", "5s", "-ttl", herdTTL.String()}
			cmd := exec.Command(self, args...) //nolint:gosec,noctx // ourselves
			cmd.Stderr = t.logs
			c, err := launch(cmd)
			if err != nil {
				return err
			}
			t.later(func() error { c.kill(); return nil })
			some = append(some, c)
		}
		return nil
	})
	took := t.within(t.row.bound, "the consumer knows all", func() bool { return len(t.consumer.now().Members) == 2*herdSize })
	t.note("all known %v after the first began", took.Round(time.Millisecond))
	t.heal("all are there", func() error { return nil })
	t.last(5 * time.Second)
	before := t.publishes()
	t.strike("half of them die", func() error { some[0].kill(); return nil })
	took = t.within(t.row.bound, "the consumer knows who is left", func() bool { return len(t.consumer.now().Members) == herdSize })
	n := t.publishes() - before
	t.note("half unknown %v after they died, in %d publishes", took.Round(time.Millisecond), n)
	if most := 4 * int(took.Seconds()+1); n > most {
		t.violate(fmt.Sprintf("%d sets were published in %v, want at most four a second", n, took))
	}
	t.history.Before = t.census()
}

// publishes is how many sets callers have seen.
func (t *trial) publishes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.history.Published)
}

func flapping(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	victim := t.members[0]
	before, calls := t.publishes(), t.node(victim).Calls
	t.fault("delete its key again and again", func() error {
		for range 100 {
			if _, err := e.client.Load().Delete(t.ctx, etcdPrefix+victim.id); err != nil {
				return err
			}
			t.last(100 * time.Millisecond)
			now := t.node(victim).Calls
			if now < calls {
				return fmt.Errorf("what was learned in %d calls is forgotten", calls)
			}
			calls = now
		}
		return nil
	})
	if n := t.publishes() - before; n > 4*11 {
		t.violate(fmt.Sprintf("%d sets were published in ten seconds, want at most four a second", n))
	}
	t.heal("leave it alone", func() error { return nil })
	t.within(t.row.bound, "it is listed, and the consumer up to date", all(t.isListed(victim), t.fresh))
	t.missedNobody()
}

func suspended(t *trial) {
	t.onEtcd(servers.Options{})
	t.fleet(4)
	t.fault("suspend", func() error {
		for _, in := range t.members {
			if err := t.freeze(in); err != nil {
				return err
			}
		}
		return t.sleepAll(3 * t.ttl)
	})
	t.heal("resume", func() error {
		var errs []error
		for _, in := range t.members {
			errs = append(errs, t.thaw(in))
		}
		return errors.Join(errs...)
	})
	t.drive(100)
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

func watchStarved(t *trial) {
	e := t.onEtcd(servers.Options{})
	s, err := startStarver(e.server.Endpoint())
	t.must(err)
	t.later(s.close)
	e.starver = s
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("its watch is told nothing more", s.starve)
	t.within(t.row.bound, "the consumer hears of something new", t.fresh)
	t.heal("that was all", func() error { return nil })
	t.missedNobody()
}
