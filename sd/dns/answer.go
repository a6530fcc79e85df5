package dns

import (
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// forever is longer than any TTL.
const forever = time.Duration(1<<31) * time.Second

// answer is what a message says about a name.
type answer struct {
	name    string   // at the end of the CNAMEs in it; fully qualified
	records []dns.RR // of that name, each of the kind that was asked for
	extra   []dns.RR // what the server added unasked
	ttl     time.Duration
}

// readAnswer takes from m what answers a question for kind of name. Records of
// other names are nobody's business.
func readAnswer(m *dns.Msg, name string, kind uint16) answer {
	a := answer{name: name, ttl: forever, extra: m.Extra}
	for range m.Answer { // each can lead one step further at most
		next := ""
		for _, rr := range m.Answer {
			if cname, ok := rr.(*dns.CNAME); ok && owns(rr, a.name) {
				next, a.ttl = cname.Target, min(a.ttl, ttlOf(rr))
			}
		}
		if next == "" || strings.EqualFold(next, name) { // a circle ends where it began
			break
		}
		a.name = next
	}
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == kind && owns(rr, a.name) {
			a.records = append(a.records, rr)
			a.ttl = min(a.ttl, ttlOf(rr))
		}
	}
	if len(a.records) == 0 && (a.name == name || m.Rcode == dns.RcodeNameError) {
		a.ttl = min(a.ttl, negativeTTL(m))
	}
	return a
}

// negativeTTL is for how long "there is none" may be believed: RFC 2308.
func negativeTTL(m *dns.Msg) time.Duration {
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(ttlOf(rr), time.Duration(soa.Minttl)*time.Second)
		}
	}
	return 0
}

func owns(rr dns.RR, name string) bool {
	return rr.Header().Class == dns.ClassINET && strings.EqualFold(rr.Header().Name, name)
}

// ttlOf takes one with the highest bit for 0: RFC 2181.
func ttlOf(rr dns.RR) time.Duration {
	ttl := rr.Header().Ttl
	if ttl > 1<<31-1 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}

func ipOf(rr dns.RR) (netip.Addr, bool) {
	var ip netip.Addr
	var ok bool
	switch rr := rr.(type) {
	case *dns.A:
		ip, ok = netip.AddrFromSlice(rr.A)
	case *dns.AAAA:
		ip, ok = netip.AddrFromSlice(rr.AAAA)
	}
	return ip.Unmap(), ok
}
