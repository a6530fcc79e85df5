package dns

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/kitgen/kitgen/sd"
)

// findHost looks up the addresses of name.
func (r *resolver) findHost(ctx context.Context, ask asker, name, port string) (finding, error) {
	ips, ttl, err := r.addresses(ctx, ask, name)
	if err != nil {
		return finding{}, err
	}
	s := members{}
	for _, ip := range ips {
		s.add(ip, port, 1)
	}
	return finding{set: s.list, ttl: ttl}, nil
}

// findSRV looks up the SRV records of name, and their targets.
func (r *resolver) findSRV(ctx context.Context, ask asker, name string) (finding, error) {
	a, err := ask.lookup(ctx, name, dns.TypeSRV)
	if err != nil {
		return finding{}, err
	}
	records, decided := choose(a.records)
	f := finding{ttl: a.ttl, decided: decided}
	s := members{}
	known := map[string][]netip.Addr{}
	for _, rr := range records {
		host := strings.ToLower(rr.Target)
		ips, ok := known[host]
		if !ok {
			var ttl time.Duration
			if ips, ttl = r.added(a.extra, host); len(ips) == 0 {
				if ips, ttl, err = r.addresses(ctx, ask, dns.Fqdn(host)); err != nil {
					return finding{}, err
				}
			}
			known[host], f.ttl = ips, min(f.ttl, ttl)
		}
		for _, ip := range ips {
			s.add(ip, strconv.Itoa(int(rr.Port)), max(1, int(rr.Weight)))
		}
	}
	f.set = s.list
	return f, nil
}

// choose returns the records of the lowest priority. decided is true if all
// there is is the target ".": RFC 2782.
func choose(records []dns.RR) (chosen []*dns.SRV, decided bool) {
	lowest := uint16(1<<16 - 1)
	refusals := 0
	for _, rr := range records {
		srv, ok := rr.(*dns.SRV)
		switch {
		case !ok:
			continue
		case srv.Target == ".":
			refusals++
			continue
		case srv.Priority < lowest:
			lowest, chosen = srv.Priority, nil
		case srv.Priority > lowest:
			continue
		}
		chosen = append(chosen, srv)
	}
	return chosen, len(chosen) == 0 && refusals > 0
}

// added finds the addresses of host among what came with the answer.
func (r *resolver) added(extra []dns.RR, host string) (ips []netip.Addr, ttl time.Duration) {
	ttl = forever
	for _, rr := range extra {
		if ip, ok := ipOf(rr); ok && owns(rr, host) && r.wants(rr.Header().Rrtype) {
			ips = append(ips, ip)
			ttl = min(ttl, ttlOf(rr))
		}
	}
	return ips, ttl
}

// members collects instances, each address once, with its highest weight.
type members struct {
	list []sd.Instance
	at   map[string]int
}

func (m *members) add(ip netip.Addr, port string, weight int) {
	addr := net.JoinHostPort(ip.String(), port)
	if m.at == nil {
		m.at = map[string]int{}
	}
	i, ok := m.at[addr]
	if !ok {
		i = len(m.list)
		m.at[addr] = i
		m.list = append(m.list, sd.Instance{Addr: addr})
	}
	m.list[i].Weight = max(m.list[i].Weight, weight)
}
