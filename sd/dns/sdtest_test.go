package dns

import (
	"encoding/hex"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestConformance(t *testing.T) {
	sdtest.Run(t, func(t *testing.T) sdtest.Backend {
		z := &services{server: serve(t), poisoned: map[string]bool{}, sets: map[string][]sd.Instance{}}
		return sdtest.Backend{
			Publish: func(service string, set []sd.Instance) error { return z.publish(t, service, set) },
			Watcher: func(service string) sd.Watcher {
				return NewWatcher(nameOf(service), Config{
					Servers: []string{z.server.addr}, MinRefresh: 10 * time.Millisecond, MaxRefresh: 10 * time.Millisecond, Timeout: 20 * time.Second,
				})
			},
			ByAddr: true,
			Poison: func(service string) error { return z.poison(t, service) },
			Outage: func() { z.server.behave(says(dns.RcodeServerFailure)) },
			Heal:   func() { z.server.behave(nil) },
			Cannot: map[string]string{
				"fields": "SRV records have no room for Zone, Version, Tags and Meta",
				"states": "who is in the DNS is up",
				"ids":    "an instance in the DNS is known by its address",
			},
		}
	})
}

func nameOf(service string) string { return "_grpc._tcp." + service + ".test." }

// services keeps sets in a zone as SRV records, each to a host of its own.
type services struct {
	server *nameServer

	mu       sync.Mutex // guards the fields below
	sets     map[string][]sd.Instance
	poisoned map[string]bool
}

func (z *services) publish(t *testing.T, service string, set []sd.Instance) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.sets[service] = set
	return z.write(t, service)
}

func (z *services) poison(t *testing.T, service string) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.poisoned[service] = true
	return z.write(t, service)
}

func (z *services) write(t *testing.T, service string) error {
	name := nameOf(service)
	var records []string
	if z.poisoned[service] {
		records = append(records, name+" 60 IN SRV 0 1 0 nobody.test.", name+" 60 IN SRV 0 1 80 nobody.test.")
	}
	for _, in := range z.sets[service] {
		host, port, err := net.SplitHostPort(in.Addr)
		if err != nil {
			return err
		}
		target, family := hex.EncodeToString([]byte(host))+".test.", "A"
		if net.ParseIP(host).To4() == nil {
			family = "AAAA"
		}
		z.server.set(t, target, fmt.Sprintf("%s 60 IN %s %s", target, family, host))
		records = append(records, fmt.Sprintf("%s 60 IN SRV 0 %d %s %s", name, in.Weight, port, target))
	}
	if len(records) == 0 {
		z.server.remove(name)
		return nil
	}
	z.server.set(t, name, records...)
	return nil
}
