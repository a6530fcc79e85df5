package main

import (
	"fmt"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
	"github.com/kitgen/kitgen/sd"
)

// leaving is how long an instance that is told to end takes at most: two
// seconds for the registry, its propagation wait, and a second for the rest.
const leaving = 2*time.Second + propagation + time.Second

// instanceRows are about what happens to an instance, with either registry.
func instanceRows() (rows []row) {
	for _, on := range registries() {
		with := func(play func(*trial)) func(*trial) {
			return func(t *trial) { on.start(t); play(t) }
		}
		rows = append(rows, []row{
			{
				name: "1 " + on.name, fault: "SIGKILL of an instance", then: "the registry offers it no more (Consul: critical)",
				bound: ttl + time.Second, run: with(instanceKilled),
			},
			{
				name: "2 " + on.name, fault: "SIGTERM of an instance under 1000 calls/s", then: "nobody is sent to it",
				bound: on.propagated, alone: true, run: with(instanceTold),
			},
			{
				name: "3 " + on.name, fault: "an instance is frozen for 3 TTLs, then goes on", then: "it is registered again",
				bound: 6 * time.Second, run: with(instanceFrozen),
			},
			{
				name: "4 " + on.name, fault: "an instance hangs, though its process is well", then: "callers avoid it",
				bound: 5 * attemptTimeout, run: with(instanceHangs),
			},
			{
				name: "42 " + on.name, fault: "an instance has no file descriptor left for 2 TTLs", then: "it is registered again",
				bound: backoffCap + time.Second, run: with(instanceWithoutFiles),
			},
			{
				name: "43 " + on.name, fault: "two processes start with one ID", then: "the second has it once the first has left",
				bound: backoffCap + time.Second, run: with(twoOfOneID),
			},
			{
				name: "45 " + on.name, fault: "SIGTERM while the registry is down", then: "the process has ended",
				bound: leaving, run: with(toldWhileRegistryIsDown),
			},
			{
				name: "46 " + on.name, fault: "SIGTERM during the start, before it could register", then: "the process has ended",
				bound: leaving, run: with(toldDuringStart),
			},
		}...)
	}
	return rows
}

const (
	attemptTimeout = 2 * time.Second // middleware/retry's
	backoffCap     = 5 * time.Second // sd's: no retry is later than that after the one before
)

func instanceKilled(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	victim := t.members[0]
	t.kill(victim)
	t.within(t.row.bound, "the registry does not offer it any more", t.unlisted(victim))
	t.eventually("nor does the consumer", t.unknown(victim))
}

func instanceTold(t *trial) {
	t.fleet(4)
	t.drive(1000)
	t.last(2 * time.Second)
	leaver := t.members[0]
	t.term(leaver)
	t.within(t.row.bound, "callers are not sent to it any more", t.unknown(leaver))
	t.within(2*time.Second, "it has left the registry", t.removed(leaver))
	t.within(leaving, "it has ended", exited(leaver))
	t.clean(leaver)
}

func instanceFrozen(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	victim := t.members[0]
	t.fault("freeze "+victim.id, func() error { return t.freeze(victim) })
	t.within(5*attemptTimeout, "callers avoid it", t.shunned(victim))
	t.within(2*t.ttl, "its registration has lapsed", t.unlisted(victim))
	t.last(3*t.ttl - time.Since(t.since))
	t.heal("thaw", func() error { return t.thaw(victim) })
	t.within(t.row.bound, "it is listed again", t.isListed(victim))
	t.within(t.row.bound, "and takes itself for registered", t.held(victim))
	t.eventually("callers are sent to it again", t.isKnown(victim))
}

func instanceHangs(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	victim := t.busiest()
	t.fault("hang "+victim.id, func() error { return t.tell(victim, "hang") })
	t.within(t.row.bound, "callers avoid it", t.shunned(victim))
	t.heal("go on", func() error { return t.tell(victim, "recover") })
	healed := t.since
	t.eventually("it is called again", func() bool { return len(t.consumer.heard(victim.id, healed)) > 0 })
}

func instanceWithoutFiles(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	victim := t.members[0]
	t.fault("no more files for "+victim.id, func() error {
		if err := t.order(victim, syscall.SIGUSR1); err != nil {
			return err
		}
		t.fleetProxy().Reset() // who has a connection must dial anew
		return nil
	})
	t.within(2*t.ttl, "its registration has lapsed", t.unlisted(victim))
	t.last(2*t.ttl - time.Since(t.since))
	t.heal("files again", func() error { return t.order(victim, syscall.SIGUSR2) })
	t.within(t.row.bound, "it is listed", t.isListed(victim))
	t.eventually("all are known", t.allKnown)
}

func twoOfOneID(t *trial) {
	t.fleet(2)
	t.drive(50)
	first := t.members[0]
	second := t.launchAs(first.id, nil)
	t.waits(second)
	t.never(2*t.ttl, "the second took the ID from the first", func() bool { return t.unlisted(first)() || t.isListed(second)() })
	t.term(first)
	t.expect(second)
	t.within(t.row.bound, "the second has the ID", t.isListed(second))
	t.eventually("the first has ended", exited(first))
	t.clean(first)
}

func toldWhileRegistryIsDown(t *trial) {
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("the registry is killed", t.server().Kill)
	leaver := t.members[0]
	t.term(leaver)
	t.within(t.row.bound, "it has ended", exited(leaver))
	t.heal("the registry is back", t.starting(t.server()))
	t.eventually("it is no longer offered, since its TTL has passed", t.unlisted(leaver))
	t.eventually("all others are listed and known", all(t.allListed, t.allKnown))
	t.givesUp(leaver)
}

func toldDuringStart(t *trial) {
	t.fleet(2)
	t.drive(50)
	t.fault("the registry does not answer newcomers", func() error { t.fleetProxy().Stall(both); return nil })
	var late []*instance
	for range 5 {
		late = append(late, t.launchAs(sd.NewID(service), nil))
	}
	t.last(500 * time.Millisecond)
	for _, in := range late {
		t.term(in)
	}
	for _, in := range late {
		t.within(t.row.bound, in.id+" has ended", exited(in))
	}
	t.heal("it answers again", t.fleetProxy().Heal)
	t.never(3*time.Second, "one is listed that never was ready", func() bool {
		for _, in := range late {
			if t.isListed(in)() {
				return true
			}
		}
		return false
	})
	t.eventually("the others are listed", t.allListed)
}

// givesUp waits until callers do not see an instance any more that went while
// its registry was down. They may see it for half a minute after an outage, in
// which registrations may have lapsed whose owners live.
func (t *trial) givesUp(in *instance) {
	t.eventually("the consumer has given it up", t.unknown(in))
	t.history.Settle = time.Since(t.since) + time.Second
}

// clean fails the row if an instance did not stop cleanly.
func (t *trial) clean(in *instance) {
	if in.exit != "" || in.child.exitCode() != 0 {
		t.violate(fmt.Sprintf("%s ended with status %d: %s", in.id, in.child.exitCode(), in.exit))
	}
}

// waits says that an instance cannot be expected to be listed, and expect that
// it can from now on.
func (t *trial) waits(in *instance) { t.edit(in, func(o *history.Owner) { o.Waits = true }) }

func (t *trial) expect(in *instance) { t.edit(in, func(o *history.Owner) { o.Waits = false }) }

func (t *trial) edit(in *instance, change func(*history.Owner)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.history.Owners[in.owner])
}
