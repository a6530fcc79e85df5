package main

import (
	"fmt"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// doorRows are a deployment, and one instance that leaves, seen by those who come in
// by each door.
func doorRows() (rows []row) {
	for i, by := range doors() {
		with := func(start, play func(*trial)) func(*trial) {
			return func(t *trial) {
				t.door = by
				start(t)
				play(t)
			}
		}
		rows = append(rows, row{
			name: "45 " + by.name, fault: "SIGTERM while the registry is down, under 200 calls/s by " + by.who, then: "once it has answered, and said so itself, nobody is sent to it",
			bound: told, run: with(etcdOne, toldByItself), // any registry would do that is down
		})
		for _, on := range registries() {
			name := "47 " + on.name
			if i > 0 {
				name += " " + by.name
			}
			rows = append(rows, row{
				name: name, fault: "ten instances are restarted, three times in turn, under 1000 calls/s by " + by.who, then: "the successor is called",
				bound: successor, alone: true, run: with(on.start, rollingRestart),
			}, row{
				name: name + " streams", fault: "the same by " + by.who + ", with 20 streams open that would go on, and 100 calls/s", then: "what a stream had to say goes on elsewhere",
				bound: time.Second, run: with(on.start, rollingStreams),
			})
		}
	}
	return rows
}

// told is how long callers may be sent to an instance that leaves after it has
// answered one of them, where they hear of it from nobody else. Without a word they
// would be, for its propagation wait.
const told = propagation / 4

func toldByItself(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("the registry is killed", t.server().Kill)
	leaver := t.members[0]
	t.term(leaver)
	since := t.since
	t.eventually("it has ended", exited(leaver))
	if all := t.consumer.heard(leaver.id, since); len(all) > 0 {
		t.measure(all[len(all)-1].Sub(all[0]), "it was still called")
		t.note("it answered %d calls after the signal", len(all))
	}
	t.heal("the registry is back", t.starting(t.server()))
	t.eventually("it is no longer offered, since its TTL has passed", t.unlisted(leaver))
	t.eventually("all others are listed and known", all(t.allListed, t.allKnown))
	t.givesUp(leaver)
}

// successor is how long it takes an instance at most to be called.
const successor = 2 * time.Second

func rollingRestart(t *trial) {
	instances, rounds := t.size()
	t.fleet(instances)
	t.drive(1000)
	t.last(2 * time.Second)
	t.roll(rounds)
}

// rollingStreams is about streams that are cut: each must end with what its
// client calls again for, and have gone on elsewhere within the bound.
func rollingStreams(t *trial) {
	instances, rounds := t.size()
	t.fleet(instances)
	t.drive(100)
	t.hold(2 * instances)
	t.roll(rounds)
}

// size is how many instances are restarted, and how often.
func (t *trial) size() (instances, rounds int) {
	if t.length.short {
		return 3, 1
	}
	return 10, 3
}

// roll restarts every instance, one after the other.
func (t *trial) roll(rounds int) {
	for round := range rounds {
		for i, old := range t.members {
			t.term(old)
			t.eventually("it has ended", exited(old))
			t.clean(old)
			t.since = time.Now()
			now := t.launchAs(sd.NewID(service), old)
			t.members[i] = now
			name := fmt.Sprintf("round %d: the successor of %d", round+1, i)
			t.within(successor, name+" is known", t.isKnown(now))
			t.within(successor, name+" is called", t.called(now))
		}
	}
}
