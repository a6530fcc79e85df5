package main

import (
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd/etcd"
)

// accessRows are about permissions, certificates and space in etcd.
func accessRows() []row {
	return []row{
		{
			name: "20 etcd instances", fault: "the instances may not write their keys any more, for 2 TTLs", then: allBack,
			bound: backoffCap + time.Second, run: writersRefused,
		},
		{
			name: "20 etcd consumer", fault: "the consumer may not read the keys any more, for 2 TTLs", then: "it is up to date",
			bound: backoffCap + time.Second, run: readerRefused,
		},
		{
			name: "21 etcd rotated", fault: "client certificates that last 10 s are replaced on disk in time, connections break", then: nothingLost,
			bound: backoffCap + time.Second, run: certificatesRotated,
		},
		{
			name: "21 etcd expired", fault: "client certificates have expired for 2 TTLs, connections break", then: "with new ones on disk all are registered",
			bound: backoffCap + time.Second, run: certificatesExpired,
		},
		{
			name: "23 etcd full", fault: "etcd has no space left (its quota) for 2 TTLs", then: "who could not register meanwhile is listed",
			bound: backoffCap + time.Second, run: noSpace,
		},
	}
}

// password of every user in rows that have users.
const password = "open-sesame"

// Leases end meanwhile, one by one: what the registry says then is believed.
func writersRefused(t *trial) {
	e := t.onGuardedEtcd()
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("revoke the permission", e.revoke(t, "instance"))
	t.last(2 * t.ttl)
	t.heal("grant it again", e.grant(t, "instance", clientv3.PermissionType(clientv3.PermReadWrite)))
	t.within(t.row.bound, "all are listed, registered and known", all(t.allListed, t.allHeld, t.allKnown))
}

func readerRefused(t *trial) {
	e := t.onGuardedEtcd()
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("revoke the permission", e.revoke(t, "consumer"))
	e.consumerSide.Reset() // etcd asks for it when a watch begins
	t.eventually("the consumer knows that it is stale", t.stale)
	t.last(2 * t.ttl)
	t.heal("grant it again", e.grant(t, "consumer", clientv3.PermissionType(clientv3.PermRead)))
	t.within(t.row.bound, "the consumer is up to date", all(t.fresh, t.synced))
	t.missedNobody()
}

// onGuardedEtcd is an etcd that lets nobody do anything without a password:
// instances may read and write the service's keys, the consumer may read them.
func (t *trial) onGuardedEtcd() *etcdRegistry {
	root := clientv3.Config{Username: "root", Password: password}
	e := t.onEtcdAs(root, servers.Options{Etcd: servers.EtcdOptions{RootPassword: password}})
	c := e.client.Load()
	for name, may := range map[string]clientv3.PermissionType{
		"instance": clientv3.PermissionType(clientv3.PermReadWrite), "consumer": clientv3.PermissionType(clientv3.PermRead),
	} {
		_, err := c.RoleAdd(t.ctx, name)
		t.must(err)
		t.must(e.grant(t, name, may)())
		_, err = c.UserAdd(t.ctx, name, password)
		t.must(err)
		_, err = c.UserGrantRole(t.ctx, name, name)
		t.must(err)
	}
	e.user, e.reader = "instance:"+password+"@", "consumer:"+password+"@"
	return e
}

// grant lets a role do what it needs to; revoke takes that away.
func (e *etcdRegistry) grant(t *trial, role string, may clientv3.PermissionType) func() error {
	return func() error {
		_, err := e.client.Load().RoleGrantPermission(t.ctx, role, etcdPrefix, clientv3.GetPrefixRangeEnd(etcdPrefix), may)
		return err
	}
}

func (e *etcdRegistry) revoke(t *trial, role string) func() error {
	return func() error {
		_, err := e.client.Load().RoleRevokePermission(t.ctx, role, etcdPrefix, clientv3.GetPrefixRangeEnd(etcdPrefix))
		return err
	}
}

// onSecureEtcd is an etcd that wants certificates; theirs last as long as said.
func (t *trial) onSecureEtcd(last time.Duration) (*etcdRegistry, *servers.CA) {
	ca, err := servers.NewCA(t.dir)
	t.must(err)
	pair, err := ca.Issue("client", last)
	t.must(err)
	ours, err := ca.Issue("row", time.Hour)
	t.must(err)
	as, err := etcd.Connection{Endpoints: []string{nowhere}, CA: ca.File, Cert: ours.Cert, Key: ours.Key}.ClientConfig()
	t.must(err)
	e := t.onEtcdAs(as, servers.Options{TLS: &servers.TLS{CA: ca, VerifyClients: true}})
	params := []string{"ca=" + ca.File, "cert=" + pair.Cert, "key=" + pair.Key}
	t.fleetParams, t.consumerParams = params, params
	return e, ca
}

func certificatesRotated(t *trial) {
	const lifetime = 10 * time.Second
	e, ca := t.onSecureEtcd(lifetime)
	t.ttl = 15 * time.Second
	t.fleet(4)
	t.drive(100)
	t.fault("connections break, certificates end and are replaced", func() error { return nil })
	for range 8 {
		t.last(lifetime / 3)
		_, err := ca.Issue("client", lifetime)
		t.must(err)
		t.last(lifetime / 10)
		e.fleetSide.Reset()
		e.consumerSide.Reset()
	}
	t.heal("no more of that", func() error { return nil })
	t.neverLost()
	t.within(t.row.bound, "the consumer is up to date", t.fresh)
	t.missedNobody()
}

func certificatesExpired(t *trial) {
	e, ca := t.onSecureEtcd(time.Hour)
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("certificates have expired, and connections break", func() error {
		_, err := ca.Issue("client", -time.Second)
		e.fleetSide.Reset()
		e.consumerSide.Reset()
		return err
	})
	t.last(2 * t.ttl)
	t.heal("new ones are on disk", func() error {
		_, err := ca.Issue("client", time.Hour)
		return err
	})
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

func noSpace(t *trial) {
	e := t.onEtcd(servers.Options{Etcd: servers.EtcdOptions{Quota: 2 << 20}})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("fill etcd", func() error { return e.fill(t) })
	late := t.launchAs("late", nil)
	t.waits(late)
	t.last(2 * t.ttl)
	t.neverLost()
	t.expect(late)
	t.heal("make room", func() error { return e.makeRoom(t) })
	t.within(t.row.bound, "the late one is listed", t.isListed(late))
	t.eventually("the consumer knows it, and all others", all(t.isKnown(late), t.allKnown, t.allListed))
	t.missedNobody()
}

// fill writes until etcd takes no more.
func (e *etcdRegistry) fill(t *trial) error {
	for {
		_, err := e.client.Load().Put(t.ctx, "filler", string(make([]byte, 256<<10)))
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// makeRoom is what an operator does about a full etcd.
func (e *etcdRegistry) makeRoom(t *trial) error {
	c := e.client.Load()
	got, err := c.Get(t.ctx, "filler")
	if err != nil {
		return err
	}
	if _, err := c.Compact(t.ctx, got.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		return err
	}
	if _, err := c.Defragment(t.ctx, e.server.Endpoint()); err != nil {
		return err
	}
	if _, err := c.AlarmDisarm(t.ctx, &clientv3.AlarmMember{}); err != nil {
		return err
	}
	_, err = c.Delete(t.ctx, "filler")
	return err
}
