package main

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
)

// Bounds of what a consumer of etcd needs to notice that a watch hangs.
const (
	silence  = 10 * time.Second // without any answer
	askEvery = 5 * time.Second  // for one
)

// back is within what everybody must be there after an outage of any length:
// the longest backoff, an attempt that is under way, and a margin.
const back = 10 * time.Second

// etcdRows are about etcd itself.
func etcdRows() []row {
	return []row{
		{
			name: "5 etcd", fault: "etcd is killed and started again, with its data", then: upToDate,
			bound: back, run: etcdRestarted,
		},
		{
			name: "6 etcd", fault: "etcd comes back without its data", then: allBack,
			bound: back + 5*time.Second, run: etcdEmptied,
		},
		{
			name: "8 etcd", fault: "etcd is frozen for 3 TTLs: all leases end as it goes on", then: allBack,
			bound: back, run: etcdFrozen,
		},
		{
			name: "9 etcd", fault: "of 3 members, the follower is frozen that serves the watch", then: upToDate,
			bound: silence + askEvery, run: func(t *trial) { memberFrozen(t, true) },
		},
		{
			name: "9 etcd starved", fault: "a watch gets nothing more, though etcd answers everything else", then: upToDate,
			bound: silence + askEvery, run: watchStarved,
		},
		{
			name: "10 etcd", fault: "of 3 members, the leader is frozen", then: upToDate,
			bound: silence + askEvery, run: func(t *trial) { memberFrozen(t, false) },
		},
		{
			name: "11 etcd", fault: "no quorum for 10 TTLs: 2 of 3 members are frozen", then: allBack,
			bound: back, run: quorumLost,
		},
		{
			name: "16 etcd", fault: "the history is compacted while the consumer is cut off", then: "it knows who came and went meanwhile",
			bound: backoffCap + time.Second, run: compactedMeanwhile,
		},
		{
			name: "17 etcd", fault: "an administrator revokes a lease", then: "the instance is listed again",
			bound: 100 * time.Millisecond, alone: true, run: leaseRevoked,
		},
		{
			name: "18 etcd deleted", fault: "a stranger deletes a key", then: "the instance is listed again",
			bound: 100 * time.Millisecond, alone: true, run: keyDeleted,
		},
		{
			name: "18 etcd taken", fault: "a stranger writes an address of its own under a key, and takes it away after 2 TTLs", then: "the instance is listed again",
			bound: backoffCap + time.Second, run: keyTaken,
		},
	}
}

func etcdRestarted(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("etcd is killed", e.server.Kill)
	t.last(2 * time.Second)
	t.heal("etcd is started", t.starting(e.server))
	t.within(t.row.bound, "the consumer hears of something new", t.fresh)
	t.within(t.row.bound, "all are listed and registered", all(t.allListed, t.allHeld))
	t.missedNobody()
}

func etcdEmptied(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("etcd dies, and its disk with it", e.server.Wipe)
	t.heal("an empty one starts", t.starting(e.server))
	t.within(back, "the consumer hears of something new", t.fresh)
	t.within(t.row.bound, "all are listed and registered", all(t.allListed, t.allHeld))
	t.missedNobody()
}

func etcdFrozen(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("etcd is frozen", e.server.Freeze)
	t.last(3 * t.ttl)
	t.heal("etcd goes on", e.server.Thaw)
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

// memberFrozen freezes the member that serves the consumer's watch, or the
// leader, and lets it stay so.
func memberFrozen(t *trial, attached bool) {
	e := t.onEtcdCluster()
	t.ttl = 10 * time.Second
	for range 3 {
		t.another()
	}
	t.watch()
	t.eventually("all instances are registered", all(t.allListed, t.allHeld))
	before := t.watchers(e)
	t.consume()
	t.eventually("the consumer knows them", t.allKnown)
	t.history.Before = t.census()
	t.drive(100)
	t.last(time.Second)
	victim, _ := t.leader(e)
	if attached {
		victim = t.attached(e, before)
	}
	t.fault("freeze "+victim.Endpoint(), victim.Freeze)
	t.within(t.row.bound, "the consumer hears of something new", t.fresh)
	t.last(2*t.ttl - time.Since(t.since))
	t.neverLost()
	t.heal("thaw", victim.Thaw)
	t.within(t.row.bound, "all are listed and known", all(t.allListed, t.allHeld, t.allKnown))
	t.missedNobody()
}

func quorumLost(t *trial) {
	e := t.onEtcdCluster()
	t.fleet(3)
	t.drive(100)
	t.last(time.Second)
	one, other := t.leader(e)
	t.fault("freeze two members", both2(one.Freeze, other.Freeze))
	t.last(10 * t.ttl)
	t.heal("thaw them", both2(one.Thaw, other.Thaw))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

func compactedMeanwhile(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("cut the consumer off", func() error { e.consumerSide.Cut(); return nil })
	newcomer, leaver := t.another(), t.members[0]
	t.term(leaver)
	t.eventually("one has come and one has gone", all(t.isListed(newcomer), t.removed(leaver)))
	t.must(e.compact(t.ctx))
	t.heal("let it back", e.consumerSide.Heal)
	t.within(t.row.bound, "the consumer knows who came", t.isKnown(newcomer))
	t.eventually("the leaver has ended", exited(leaver))
	t.givesUp(leaver)
}

func leaseRevoked(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	victim := t.members[0]
	lease := t.lease(e, victim)
	t.strike("revoke its lease", func() error {
		_, err := e.client.Load().Revoke(t.ctx, lease)
		return err
	})
	t.within(t.row.bound, "it is listed again", all(t.isListed(victim), func() bool { return t.lease(e, victim) != lease }))
	t.missedNobody()
}

func keyDeleted(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	victim := t.members[0]
	t.strike("delete its key", func() error {
		_, err := e.client.Load().Delete(t.ctx, etcdPrefix+victim.id)
		return err
	})
	t.within(t.row.bound, "it is listed again", t.isListed(victim))
	t.missedNobody()
}

func keyTaken(t *trial) {
	e := t.onEtcd(servers.Options{})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	victim := t.members[0]
	key := etcdPrefix + victim.id
	t.fault("write over its key", func() error {
		_, err := e.client.Load().Put(t.ctx, key, `{"addr":"`+nowhere+`"}`)
		return err
	})
	t.last(2 * t.ttl)
	got, err := e.client.Load().Get(t.ctx, key)
	t.must(err)
	if len(got.Kvs) != 1 || got.Kvs[0].Version != 2 {
		t.violate("the key was fought over")
	}
	t.heal("take it away", func() error {
		_, err := e.client.Load().Delete(t.ctx, key)
		return err
	})
	t.within(t.row.bound, "the instance is listed", t.isListed(victim))
	t.eventually("and known", t.isKnown(victim))
}

// compact forgets the history up to now.
func (e *etcdRegistry) compact(ctx context.Context) error {
	got, err := e.client.Load().Get(ctx, markerKey)
	if err != nil {
		return err
	}
	_, err = e.client.Load().Compact(ctx, got.Header.Revision, clientv3.WithCompactPhysical())
	return err
}

const markerKey = etcdPrefix + markerID

// lease is the one that an instance's key hangs on; none if it has no key.
func (t *trial) lease(e *etcdRegistry, in *instance) clientv3.LeaseID {
	got, err := e.client.Load().Get(t.ctx, etcdPrefix+in.id)
	t.must(err)
	if len(got.Kvs) == 0 {
		return clientv3.NoLease
	}
	return clientv3.LeaseID(got.Kvs[0].Lease)
}
