package main

import (
	"fmt"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// both ways through a proxy.
const both = servers.Both

// networkRows are about what lies between everybody and the registry.
func networkRows() (rows []row) {
	for _, c := range []struct {
		number   string
		fault    string
		lasts    time.Duration
		ttl      time.Duration
		way      servers.Direction
		survives bool // the outage is shorter than what is left of a lease
	}{
		{"12 etcd 5s", "etcd and everybody else: no byte passes for 5 s, TTL 15 s", 5 * time.Second, 15 * time.Second, servers.Both, true},
		{"12 etcd 20s", "etcd and everybody else: no byte passes for 20 s", 20 * time.Second, ttl, servers.Both, false},
		{"12 etcd 120s", "etcd and everybody else: no byte passes for 120 s", 2 * time.Minute, ttl, servers.Both, false},
		{"13 etcd", "no byte reaches etcd for 20 s, though it can send", 20 * time.Second, ttl, servers.Up, false},
	} {
		rows = append(rows, row{
			name: c.number, fault: c.fault, then: allBack, bound: back,
			run: func(t *trial) { blackhole(t, c.way, c.lasts, c.ttl, c.survives) },
		})
	}
	return append(
		rows,
		row{
			name: "15 etcd latency", fault: "every answer of etcd takes 2 s, TTL 15 s", then: nothingLost, bound: 5 * time.Second,
			run: func(t *trial) { slow(t, func(p *servers.Proxy) { p.Delay(time.Second) }) },
		},
		row{
			name: "15 etcd trickle", fault: "1000 bytes a second from and to etcd, TTL 15 s", then: nothingLost, bound: 5 * time.Second,
			run: func(t *trial) { slow(t, func(p *servers.Proxy) { p.Trickle(1000) }) },
		},
	)
}

func blackhole(t *trial, way servers.Direction, lasts, ttl time.Duration, survives bool) {
	e := t.onEtcd(servers.Options{})
	t.ttl = ttl
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	lease := t.lease(e, t.members[0])
	t.fault("nothing passes", func() error {
		e.fleetSide.Stall(way)
		e.consumerSide.Stall(way)
		return nil
	})
	t.last(lasts)
	t.heal("it passes again", both2(e.fleetSide.Heal, e.consumerSide.Heal))
	t.within(t.row.bound, "all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
	if survives && t.lease(e, t.members[0]) != lease {
		t.violate("a lease was lost in less than its TTL")
	}
}

// slow lasts two and a half TTLs.
func slow(t *trial, hinder func(*servers.Proxy)) {
	e := t.onEtcd(servers.Options{})
	t.ttl = 15 * time.Second
	t.fleet(4)
	t.drive(100)
	t.last(time.Second)
	lease := t.lease(e, t.members[0])
	t.fault("slow", func() error {
		hinder(e.fleetSide)
		hinder(e.consumerSide)
		return nil
	})
	t.last(5 * t.ttl / 2)
	t.since = time.Now()
	t.within(t.row.bound, "the consumer hears of something new", t.fresh)
	if now := t.lease(e, t.members[0]); now != lease {
		t.violate(fmt.Sprintf("lease %x was lost; now it is %x", lease, now))
	}
	t.neverLost()
	t.heal("quick again", both2(e.fleetSide.Heal, e.consumerSide.Heal))
	t.eventually("all are listed, registered and up to date", all(t.allListed, t.allHeld, t.fresh))
	t.missedNobody()
}
