package sdbench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

// idle is before every registration, so that all find the machine alike.
const idle = 20 * time.Millisecond

// events is how many registrations, and as many removals, a measurement has.
const events = 200

// sightings hears, from the registry's own client and from an Instancer, when
// each instance is there and when it is gone.
type sightings struct {
	raw, ours chan sighting
}

type sighting struct {
	id   string
	gone bool
	at   time.Time
}

// plain registers an instance as a program without this library does, with the
// registry's own client, and returns what removes it.
type plain func(id string, port int) (leave func())

// BenchmarkPropagation registers and removes instances one after the other, and
// prints how long it took until a plain client of the registry saw that by its
// own watch or blocking query (raw), and until an Instancer's set had it (ours).
// In between, a plain client registers and removes as many, and the same two
// watch (plain, and plain-ours): what a Registrar adds is the difference.
func BenchmarkPropagation(b *testing.B) {
	b.Run("etcd", func(b *testing.B) {
		server := servers.Etcd(b, servers.Options{})
		client := dialEtcd(b, server.Endpoint())
		holder := etcd.NewHolder(dialEtcd(b, server.Endpoint()), "svc", etcd.Config{})
		instances := etcd.NewInstancer(dialEtcd(b, server.Endpoint()), "svc", etcd.Config{})
		propagate(b, holder, instances, plainEtcd(b, client), func(ctx context.Context, out chan<- sighting) { rawEtcd(ctx, client, out) })
	})
	b.Run("consul", func(b *testing.B) {
		server := servers.Consul(b, servers.Options{})
		holder := consul.NewHolder(dialConsul(b, server.Endpoint()), "svc", consul.Config{})
		instances := consul.NewInstancer(dialConsul(b, server.Endpoint()), "svc", consul.Config{})
		client := dialConsul(b, server.Endpoint())
		propagate(b, holder, instances, plainConsul(b, client), func(ctx context.Context, out chan<- sighting) { rawConsul(ctx, client, out) })
	})
}

func dialEtcd(b *testing.B, addr string) *clientv3.Client {
	b.Helper()
	c, err := clientv3.New(etcd.ClientConfig(addr))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

func dialConsul(b *testing.B, addr string) *api.Client {
	b.Helper()
	c, err := api.NewClient(&api.Config{Address: addr})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// propagate measures events on a service that nobody else is in.
func propagate(b *testing.B, holder sd.Holder, instances *sd.Instancer, register plain, raw func(context.Context, chan<- sighting)) {
	ctx, cancel := context.WithCancel(b.Context())
	s := sightings{raw: make(chan sighting, 4*events), ours: make(chan sighting, 4*events)}
	done := make(chan struct{}, 2)
	go func() { defer func() { done <- struct{}{} }(); raw(ctx, s.raw) }()
	go func() { defer func() { done <- struct{}{} }(); subscribed(ctx, instances, s.ours) }()
	b.Cleanup(func() {
		cancel()
		<-done
		<-done
		instances.Stop()
	})
	// One that stays, so that no removal is of the last.
	base := registered(holder, "base", 1000)
	b.Cleanup(base.Deregister)
	s.await(b, "base", false, time.Now())

	for b.Loop() {
		var join, leave, plainJoin, plainLeave times
		for n := range events {
			id := fmt.Sprint("x", n)
			time.Sleep(idle)
			start := time.Now()
			r := registered(holder, id, 2000+n)
			join.add(s.await(b, id, false, start))
			start = time.Now()
			r.Deregister()
			leave.add(s.await(b, id, true, start))

			id = fmt.Sprint("p", n)
			time.Sleep(idle)
			start = time.Now()
			remove := register(id, 4000+n)
			plainJoin.add(s.await(b, id, false, start))
			start = time.Now()
			remove()
			plainLeave.add(s.await(b, id, true, start))
		}
		join.report(b, "join-raw", "join-ours")
		leave.report(b, "leave-raw", "leave-ours")
		plainJoin.report(b, "join-plain", "join-plain-ours")
		plainLeave.report(b, "leave-plain", "leave-plain-ours")
		b.ReportMetric(join.ratio(), "join-ratio")
		b.ReportMetric(leave.ratio(), "leave-ratio")
	}
}

// times are how long the registry's own client and an Instancer took.
type times struct{ raw, ours []time.Duration }

func (t *times) add(raw, ours time.Duration) {
	t.raw, t.ours = append(t.raw, raw), append(t.ours, ours)
}

func (t *times) report(b *testing.B, raw, ours string) {
	b.Helper()
	for name, all := range map[string][]time.Duration{raw: t.raw, ours: t.ours} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
}

// ratio is that of the medians, once reported.
func (t *times) ratio() float64 {
	return float64(t.ours[len(t.ours)/2]) / float64(t.raw[len(t.raw)/2])
}

func plainEtcd(b *testing.B, c *clientv3.Client) plain {
	b.Helper()
	return func(id string, port int) func() {
		lease, err := c.Grant(b.Context(), 15)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Put(b.Context(), "/kitgen/svc/"+id, fmt.Sprint("10.0.0.1:", port), clientv3.WithLease(lease.ID)); err != nil {
			b.Fatal(err)
		}
		return func() {
			if _, err := c.Revoke(b.Context(), lease.ID); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func plainConsul(b *testing.B, c *api.Client) plain {
	b.Helper()
	return func(id string, port int) func() {
		if err := c.Agent().ServiceRegister(&api.AgentServiceRegistration{
			ID: id, Name: "svc", Address: "10.0.0.1", Port: port,
			Check: &api.AgentServiceCheck{CheckID: "service:" + id, TTL: "15s", Status: api.HealthPassing},
		}); err != nil {
			b.Fatal(err)
		}
		return func() {
			if err := c.Agent().ServiceDeregister(id); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func registered(holder sd.Holder, id string, port int) *sd.Registrar {
	r := sd.NewRegistrar(holder, sd.Instance{ID: id, Addr: fmt.Sprint("10.0.0.1:", port)}, sd.RegistrarConfig{})
	r.Register()
	return r
}

// await returns how long after start each of the two saw it.
func (s *sightings) await(b *testing.B, id string, gone bool, start time.Time) (raw, ours time.Duration) {
	b.Helper()
	return first(b, s.raw, id, gone).Sub(start), first(b, s.ours, id, gone).Sub(start)
}

func first(b *testing.B, seen <-chan sighting, id string, gone bool) time.Time {
	b.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for {
		select {
		case s := <-seen:
			if s.id == id && s.gone == gone {
				return s.at
			}
		case <-late.C:
			b.Fatalf("nobody saw %s (gone: %t) within a minute", id, gone)
		}
	}
}

// subscribed reads the Instancer's sets: gone is who takes no calls any more.
func subscribed(ctx context.Context, instances *sd.Instancer, out chan<- sighting) {
	known := map[string]bool{}
	for {
		s, newer := instances.Snapshot()
		now := time.Now()
		there := map[string]bool{}
		for _, in := range s.Instances {
			if in.State != sd.Draining {
				there[in.ID] = true
			}
		}
		tell(known, there, now, out)
		known = there
		select {
		case <-newer:
		case <-ctx.Done():
			return
		}
	}
}

func tell(known, there map[string]bool, now time.Time, out chan<- sighting) {
	for id := range there {
		if !known[id] {
			out <- sighting{id, false, now}
		}
	}
	for id := range known {
		if !there[id] {
			out <- sighting{id, true, now}
		}
	}
}

// rawEtcd is what a program without this library does: the client's own watch.
// An instance is gone for it once its value says that it drains.
func rawEtcd(ctx context.Context, c *clientv3.Client, out chan<- sighting) {
	const prefix = "/kitgen/svc/"
	known := map[string]bool{}
	for resp := range c.Watch(ctx, prefix, clientv3.WithPrefix()) {
		now := time.Now()
		for _, ev := range resp.Events {
			id := string(ev.Kv.Key[len(prefix):])
			there := ev.Type == clientv3.EventTypePut && !strings.Contains(string(ev.Kv.Value), `"draining"`)
			if known[id] != there {
				out <- sighting{id, !there, now}
			}
			known[id] = there
		}
	}
}

// rawConsul is the client's own blocking query. An instance is there for it
// while its check passes.
func rawConsul(ctx context.Context, c *api.Client, out chan<- sighting) {
	known := map[string]bool{}
	var index uint64
	for ctx.Err() == nil {
		entries, meta, err := c.Health().Service("svc", "", true, (&api.QueryOptions{WaitIndex: index}).WithContext(ctx))
		if err != nil {
			continue
		}
		now := time.Now()
		index = meta.LastIndex
		there := map[string]bool{}
		for _, e := range entries {
			there[e.Service.ID] = true
		}
		tell(known, there, now, out)
		known = there
	}
}
