package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

const (
	resolvConf = "/etc/resolv.conf"
	maxHops    = 8 // of CNAMEs that lead from one answer to the next
)

// resolver looks names up for one Watch.
type resolver struct {
	cfg   Config
	conf  string // path of the system's settings, for when cfg names no servers
	first int    // the server to begin with
}

// find looks q up, under every name that it may stand for.
func (r *resolver) find(ctx context.Context, q question) (finding, error) {
	servers, names, err := r.plan(q.name)
	if err != nil {
		return finding{}, err
	}
	c := &client{servers: servers, first: r.first, timeout: r.cfg.Timeout, tcp: r.cfg.TCP}
	f, err := r.search(ctx, c, names, q)
	if r.first = c.first; err == nil && f.empty() {
		r.first++ // somebody else may know better
	}
	return f, err
}

// search takes the first of names under which there is anybody.
func (r *resolver) search(ctx context.Context, c *client, names []string, q question) (f finding, err error) {
	for _, name := range names {
		if q.port == "" {
			f, err = r.findSRV(ctx, c.ask, name)
		} else {
			f, err = r.findHost(ctx, c.ask, name, q.port)
		}
		if err != nil || !f.empty() || f.decided {
			break // the next name is somebody else's
		}
	}
	return f, err
}

// plan says whom to ask, and for which absolute names in turn.
func (r *resolver) plan(name string) (servers, names []string, err error) {
	if len(r.cfg.Servers) > 0 {
		return r.cfg.Servers, []string{dns.Fqdn(name)}, nil
	}
	system, err := dns.ClientConfigFromFile(r.conf)
	if err != nil {
		return nil, nil, fmt.Errorf("find name servers: %w; name one, as in dns://10.0.0.2:53/", err)
	}
	for _, ip := range system.Servers[:min(len(system.Servers), maxServers)] {
		if _, err := netip.ParseAddr(ip); err == nil {
			servers = append(servers, net.JoinHostPort(ip, system.Port))
		}
	}
	if len(servers) == 0 {
		return nil, nil, fmt.Errorf("%s has no name server that is an IP address: name one, as in dns://10.0.0.2:53/", r.conf)
	}
	for _, name := range system.NameList(name) {
		if _, ok := dns.IsDomainName(name); ok && len(name) <= maxName+1 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, nil, errors.New("with each search domain the name is too long: end it with a dot")
	}
	return servers, names, nil
}

const maxName = 253

// asker puts one question to whoever can answer it.
type asker func(ctx context.Context, name string, kind uint16) (*dns.Msg, error)

// lookup asks for records of name, and follows where CNAMEs lead.
func (ask asker) lookup(ctx context.Context, name string, kind uint16) (answer, error) {
	ttl := forever
	for range maxHops {
		m, err := ask(ctx, name, kind)
		if err != nil {
			return answer{}, err
		}
		a := readAnswer(m, name, kind)
		ttl = min(ttl, a.ttl)
		a.ttl = ttl
		if len(a.records) > 0 || a.name == name || m.Rcode == dns.RcodeNameError {
			return a, nil
		}
		name = a.name
	}
	return answer{}, fmt.Errorf("%s is the end of %d CNAMEs, and one itself: mend the zone", name, maxHops)
}

// addresses asks for the addresses of name, of the families in question.
func (r *resolver) addresses(ctx context.Context, ask asker, name string) (ips []netip.Addr, ttl time.Duration, err error) {
	ttl = forever
	nobody := forever // how long that counts
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if !r.wants(kind) {
			continue
		}
		a, err := ask.lookup(ctx, name, kind)
		if err != nil {
			return nil, 0, err
		}
		if len(a.records) == 0 {
			nobody = min(nobody, a.ttl)
			continue
		}
		ttl = min(ttl, a.ttl)
		for _, rr := range a.records {
			if ip, ok := ipOf(rr); ok {
				ips = append(ips, ip)
			}
		}
	}
	if len(ips) == 0 {
		ttl = nobody
	}
	return ips, ttl, nil
}

func (r *resolver) wants(kind uint16) bool {
	switch r.cfg.Family {
	case "ipv4":
		return kind == dns.TypeA
	case "ipv6":
		return kind == dns.TypeAAAA
	}
	return true
}
