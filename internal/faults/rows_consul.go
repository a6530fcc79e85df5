package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
)

// queryWait is the longest blocking query of consumers in rows that wait for
// one to end; Consul adds a sixteenth, and the consumer ten seconds of
// patience.
const (
	queryWait  = 5 * time.Second
	queryLimit = queryWait + queryWait/16 + 10*time.Second
)

// consulRows are about Consul itself.
func consulRows() []row {
	return []row{
		{
			name: "4 consul beat", fault: "an instance hangs; its beats depend on an answer of its own", then: "Consul lists it as critical",
			bound: 15 * time.Second, run: func(t *trial) { hangsUnderCheck(t, "beat") },
		},
		{
			name: "4 consul check", fault: "an instance hangs; the agent asks it every 10 s", then: "Consul lists it as critical",
			bound: 15 * time.Second, run: func(t *trial) { hangsUnderCheck(t, "check") },
		},
		{
			name: "27 consul", fault: "the agent is killed and started again, with its data", then: allBack,
			bound: backoffCap + time.Second, run: agentRestarted,
		},
		{
			name: "27 consul replay", fault: "the only server is killed, and replays hundreds of changes as it starts", then: "nobody has seen the past, and all are registered",
			bound: backoffCap + time.Second, run: pastReplayed,
		},
		{
			name: "28 consul", fault: "the agent comes back without its data", then: allBack,
			bound: backoffCap + time.Second, run: agentEmptied,
		},
		{
			name: "29 consul", fault: "the agent leaves its cluster of 3 servers gracefully, and with it its services", then: "once it is back, all are registered",
			bound: backoffCap + time.Second, run: agentLeaves,
		},
		{
			name: "30 consul quorum", fault: "no quorum for 3 TTLs: 2 of 3 servers are frozen", then: allBack,
			bound: back, run: func(t *trial) { serversFrozen(t, true) },
		},
		{
			name: "30 consul leader", fault: "of 3 servers, the leader is frozen for 3 TTLs", then: allBack,
			bound: back, run: func(t *trial) { serversFrozen(t, false) },
		},
		{
			name: "31 consul deleted", fault: "the consumer's token is deleted for 3 TTLs", then: "the consumer says that it is stale",
			bound: queryLimit, run: tokenDeleted,
		},
		{
			name: "31 consul anonymous", fault: "the consumer may see nothing any more: Consul answers with an empty list", then: "the consumer says that it is stale",
			bound: queryLimit, run: blinded,
		},
		{
			name: "32 consul", fault: "the servers are restored from a snapshot: indexes go backwards", then: upToDate,
			bound: backoffCap + time.Second, run: snapshotRestored,
		},
		{
			name: "33 consul", fault: "the agent hangs for longer than a query", then: "the consumer says that it is stale",
			bound: queryLimit, run: agentFrozen,
		},
	}
}

func hangsUnderCheck(t *trial, health string) {
	t.onConsul(servers.Options{})
	t.health = health
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	victim := t.members[0]
	t.fault("hang "+victim.id, func() error { return t.tell(victim, "hang") })
	t.within(t.row.bound, "Consul lists it as critical", t.unlisted(victim))
	t.eventually("callers are not sent to it", t.unknown(victim))
	t.heal("go on", func() error { return t.tell(victim, "recover") })
	t.within(t.row.bound, "it is listed again", t.isListed(victim))
	t.eventually("all are known", t.allKnown)
	t.missedNobody()
}

func agentRestarted(t *trial) {
	c := t.onConsul(servers.Options{})
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("the agent is killed", c.agent.Kill)
	t.last(2 * time.Second)
	t.heal("it is started", t.starting(c.agent))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

// While a server reads its log again it answers, as the leader, with what it has
// got to: only consistent questions wait for the end. The promise that nobody
// goes back in time is what this row is about.
func pastReplayed(t *trial) {
	c := t.onConsul(servers.Options{})
	t.markEvery = 10 * time.Millisecond
	t.consumerParams = []string{"max-backoff=20ms"} // so that it asks in just those moments
	t.fleet(4)
	t.drive(100)
	t.last(8 * time.Second)
	t.fault("the server is killed", c.agent.Kill)
	t.heal("it is started", t.starting(c.agent))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

func agentEmptied(t *trial) {
	c := t.onConsul(servers.Options{})
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("the agent dies, and its disk with it", c.agent.Wipe)
	t.heal("an empty one starts", t.starting(c.agent))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

func agentLeaves(t *trial) {
	c := t.onConsulCluster()
	t.fleet(4)
	t.drive(200)
	t.last(time.Second)
	t.fault("the agent leaves", c.agent.Stop)
	t.last(t.ttl)
	t.heal("it is back", t.starting(c.agent))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

func serversFrozen(t *trial, quorum bool) {
	c := t.onConsulCluster()
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	ctx, cancel := context.WithTimeout(t.ctx, time.Minute)
	defer cancel()
	i, err := c.cluster.Leader(ctx)
	t.must(err)
	members := c.cluster.Members()
	victims := members[i : i+1]
	if quorum {
		victims = []*servers.Process{members[i], members[(i+1)%len(members)]}
	}
	t.fault("freeze servers", each(victims, (*servers.Process).Freeze))
	t.last(3 * t.ttl)
	t.heal("thaw them", each(victims, (*servers.Process).Thaw))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

// onGuardedConsul is an agent that lets nobody do anything without a token. The
// instances have the one for everything. config is added to the agent's.
func (t *trial) onGuardedConsul(config string) *consulRegistry {
	c := t.onConsul(servers.Options{Consul: servers.ConsulOptions{ManagementToken: root, Config: config}})
	t.fleetParams = []string{"token=" + root}
	t.consumerParams = []string{"wait=" + queryWait.String()}
	return c
}

// reader is the policy of those who only look.
const reader = `service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }`

// readerToken is the secret of a token with that policy, whose name is readerName.
const (
	readerToken = "5ca1ab1e-0000-4000-8000-000000000002" //nolint:gosec // of a server that lives for a minute
	readerName  = "reader"
)

// createReader makes the token, and the policy if it is not there.
func (c *consulRegistry) createReader() error {
	acl := c.client.ACL()
	if _, _, err := acl.PolicyReadByName(readerName, nil); err != nil {
		if _, _, err := acl.PolicyCreate(&api.ACLPolicy{Name: readerName, Rules: reader}, nil); err != nil {
			return err
		}
	}
	_, _, err := acl.TokenCreate(&api.ACLToken{SecretID: readerToken, Policies: []*api.ACLLink{{Name: readerName}}}, nil)
	return err
}

// deleteReader deletes it.
func (c *consulRegistry) deleteReader() error {
	all, _, err := c.client.ACL().TokenList(nil)
	if err != nil {
		return err
	}
	for _, token := range all {
		if token.SecretID == readerToken {
			_, err := c.client.ACL().TokenDelete(token.AccessorID, nil)
			return err
		}
	}
	return errors.New("the reader's token is not there")
}

func tokenDeleted(t *trial) {
	c := t.onGuardedConsul("")
	t.must(c.createReader())
	t.consumerParams = append(t.consumerParams, "token="+readerToken)
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("delete the consumer's token", c.deleteReader)
	t.within(t.row.bound, "the consumer knows that it is stale", t.stale)
	t.last(3 * t.ttl)
	t.heal("create it again", c.createReader)
	t.within(backoffCap+5*time.Second, "the consumer is up to date", all(t.fresh, t.synced))
	t.missedNobody()
}

// anonymous is the ID of the token that those have who show none.
const anonymous = "00000000-0000-0000-0000-000000000002"

func blinded(t *trial) {
	// Consul 1.13's streams go on telling who may not see any more.
	c := t.onGuardedConsul("use_streaming_backend = false")
	t.must(c.createReader())
	grant := func() error {
		_, _, err := c.client.ACL().TokenUpdate(&api.ACLToken{AccessorID: anonymous, Policies: []*api.ACLLink{{Name: readerName}}}, nil)
		return err
	}
	t.must(grant())
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("take the right to read away", func() error {
		_, _, err := c.client.ACL().TokenUpdate(&api.ACLToken{AccessorID: anonymous}, nil)
		return err
	})
	t.within(t.row.bound, "the consumer knows that it is stale", t.stale)
	t.last(3 * t.ttl)
	t.heal("give it back", grant)
	t.within(backoffCap+5*time.Second, "the consumer is up to date", all(t.fresh, t.synced))
	t.missedNobody()
}

func snapshotRestored(t *trial) {
	c := t.onConsul(servers.Options{})
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	saved, _, err := c.client.Snapshot().Save(nil)
	t.must(err)
	defer saved.Close()
	newcomer := t.another()
	t.eventually("another one has come since", all(t.isListed(newcomer), t.isKnown(newcomer)))
	t.last(5 * time.Second) // indexes grow
	t.fault("go back", func() error {
		return t.backInTime(func() error { return c.client.Snapshot().Restore(nil, io.NopCloser(saved)) })
	})
	t.heal("the servers are ready again", func() error { return nil })
	t.within(t.row.bound, "the consumer hears of something new", t.fresh)
	t.waits(newcomer) // the servers know nothing of it, and that is believed
	t.missedNobody()
	t.eventually("it is listed again", t.isListed(newcomer))
	t.note("who had come after the snapshot was listed again %v after the restore", age(t.since))
	t.expect(newcomer)
	t.eventually("the consumer knows it too", t.allKnown)
	t.history.Settle = time.Since(t.since)
}

func agentFrozen(t *trial) {
	c := t.onConsul(servers.Options{})
	t.consumerParams = []string{"wait=" + queryWait.String()}
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	t.fault("freeze the agent", c.agent.Freeze)
	t.within(t.row.bound, "the consumer knows that it is stale", t.stale)
	t.last(3*t.ttl - time.Since(t.since))
	t.heal("thaw it", c.agent.Thaw)
	t.within(back, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}

// each does the same to several servers.
func each(some []*servers.Process, do func(*servers.Process) error) func() error {
	return func() error {
		var errs []error
		for _, p := range some {
			errs = append(errs, do(p))
		}
		return errors.Join(errs...)
	}
}

// backInTime does something after which the registry's past is another one.
func (t *trial) backInTime(do func() error) error {
	t.mu.Lock()
	t.epoch++
	t.mu.Unlock()
	return do()
}
