package main

import (
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/consul/api"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
)

// startRows are the start and the stop of a process while its registry is of
// no use: neither may wait for it longer than transport's two seconds.
func startRows() (rows []row) {
	for _, on := range []struct {
		name  string
		start func(*trial)
	}{
		{"etcd", etcdOne},
		{"consul", func(t *trial) {
			t.onConsul(servers.Options{Consul: servers.ConsulOptions{ManagementToken: root}})
			t.admit()
		}},
	} {
		for _, way := range []string{"down", "frozen", "refusing"} {
			rows = append(rows, row{
				name: "start " + on.name + " " + way, fault: "a process starts while the registry is " + way, then: "it answers calls, and its client waits no longer than it is told",
				bound: 3 * time.Second, run: func(t *trial) { on.start(t); startsWithout(t, way) },
			}, row{
				name: "stop " + on.name + " " + way, fault: "a process stops while the registry is " + way, then: "it has ended, and so has its client",
				bound: leaving, run: func(t *trial) { on.start(t); stopsWithout(t, way) },
			})
		}
	}
	return rows
}

// admit makes the token for everybody.
func (t *trial) admit() {
	c := t.registry.(*consulRegistry) //nolint:forcetypeassert // it was just made
	_, _, err := c.client.ACL().PolicyCreate(&api.ACLPolicy{Name: readerName, Rules: `service_prefix "" { policy = "write" }
node_prefix "" { policy = "read" }
agent_prefix "" { policy = "read" }`}, nil)
	t.must(err)
	t.must(c.createReader())
	t.fleetParams, t.consumerParams = []string{"token=" + readerToken}, []string{"token=" + readerToken}
}

// useless makes the registry so, and useful again.
func (t *trial) useless(way string) (hurt, mend func() error) {
	switch way {
	case "down":
		return t.server().Kill, t.starting(t.server())
	case "frozen":
		return t.server().Freeze, t.server().Thaw
	}
	switch r := t.registry.(type) {
	case *etcdRegistry:
		return func() error { return r.refuse(t) }, func() error {
			_, err := r.client.Load().AuthDisable(t.ctx)
			return err
		}
	case *consulRegistry:
		return r.deleteReader, r.createReader
	}
	return nil, nil
}

// refuse turns authentication on: those who have no password are refused.
func (e *etcdRegistry) refuse(t *trial) error {
	c := e.client.Load()
	if _, err := c.UserAdd(t.ctx, "root", password); err != nil {
		return err
	}
	if _, err := c.UserGrantRole(t.ctx, "root", "root"); err != nil {
		return err
	}
	if _, err := c.AuthEnable(t.ctx); err != nil {
		return err
	}
	return e.dial(clientv3.Config{Username: "root", Password: password}, e.server.Endpoint())
}

func startsWithout(t *trial, way string) {
	hurt, mend := t.useless(way)
	t.watch()
	t.fault("the registry is "+way, hurt)
	t.since = time.Now() // the row is about the start, not about what came before it
	in := t.another()
	t.within(t.row.bound, "it answers calls", t.answers(in))
	began := time.Now()
	t.consume()
	if took := time.Since(began); took > time.Second {
		t.violate(fmt.Sprintf("opening a consumer took %v", took))
	}
	began = time.Now()
	if err := t.ready(time.Second); err == nil || time.Since(began) > 2*time.Second {
		t.violate(fmt.Sprintf("a client that may wait for 1s waited %v and returned %v", age(began), err))
	}
	t.heal("the registry is well", mend)
	t.within(back, "the instance is listed, and known", all(t.allListed, t.allKnown))
	t.history.Before = t.census()
}

func stopsWithout(t *trial, way string) {
	t.fleet(1)
	hurt, mend := t.useless(way)
	t.fault("the registry is "+way, hurt)
	leaver := t.members[0]
	t.term(leaver)
	t.within(t.row.bound, "it has ended", exited(leaver))
	began := time.Now()
	t.consumer.instances.Stop()
	if took := time.Since(began); took > time.Second {
		t.violate(fmt.Sprintf("stopping a consumer took %v", took))
	}
	t.heal("the registry is well", mend)
	t.eventually("the instance is no longer offered, since its TTL has passed", t.unlisted(leaver))
	t.consumer = nil // it has seen the last it will see
}

// listTimeout is how long a question to etcd may take: two seconds, and five at
// another member.
const listTimeout = 7 * time.Second

// coldRows are a client's start without a registry, with what an earlier run
// left on disk.
func coldRows() []row {
	return []row{
		{
			name: "35 etcd snapshot", fault: "a client starts without a registry, with a snapshot of an earlier run", then: "a call is answered",
			bound: 2500 * time.Millisecond, run: func(t *trial) { coldStart(t, nil, true) },
		},
		{
			name: "35 etcd corrupt", fault: "the same, and the snapshot is damaged", then: "it says why it has nobody",
			bound: listTimeout + time.Second, run: func(t *trial) { coldStart(t, damaged, false) },
		},
		{
			name: "35 etcd old", fault: "the same, and the snapshot is 25 hours old", then: "it says why it has nobody",
			bound: listTimeout + time.Second, run: func(t *trial) { coldStart(t, aged, false) },
		},
	}
}

func coldStart(t *trial, spoil func([]byte) ([]byte, error), usable bool) {
	e := t.onEtcd(servers.Options{})
	file := t.dir + "/snapshot.json"
	t.consumerParams = []string{"snapshot=" + file}
	for range 3 {
		t.another()
	}
	t.consume()
	t.eventually("the first run knows everybody", t.allKnown)
	t.eventually("it has written the snapshot", func() bool { _, err := os.Stat(file); return err == nil })
	t.must(t.consumer.close())
	if spoil != nil {
		text, err := os.ReadFile(file) //nolint:gosec // the row's own file
		t.must(err)
		text, err = spoil(text)
		t.must(err)
		t.must(os.WriteFile(file, text, 0o600))
	}
	t.fault("the registry is down", e.server.Kill)
	t.since = time.Now()
	t.consume()
	if usable {
		t.within(t.row.bound, "a call is answered", func() bool {
			if t.ready(10*time.Millisecond) != nil {
				return false
			}
			return t.call() == nil
		})
	} else {
		t.within(t.row.bound, "it says why", t.stale)
		t.never(3*time.Second, "it knows somebody from a snapshot that cannot be trusted", func() bool { return len(t.consumer.now().Members) > 0 })
	}
	t.heal("the registry is back", t.starting(e.server))
	t.within(back, "everybody is known and up to date", all(t.allListed, t.allKnown, t.synced))
	t.watch()
	t.history.Before = t.census()
}
