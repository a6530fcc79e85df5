package dns

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/kitgen/kitgen/sd"
)

const maxServers = 16

// Config adjusts how names are looked up. The zero value is good. A bad value is
// an error of Watch.
type Config struct {
	Servers    []string      // host:port of those who are asked, in this order; if empty, the system's, read anew each time
	SRV        bool          // ask for SRV records, though the name does not begin with "_"
	Family     string        // "ipv4" or "ipv6": only such addresses; both if empty
	TCP        bool          // ask over TCP alone; if false over UDP, and over TCP what may not fit that
	Timeout    time.Duration // of one question to one server, which is asked twice; 2 s if zero
	MinRefresh time.Duration // a shorter TTL counts as this; 1 s if zero, at least 10 ms
	MaxRefresh time.Duration // a longer TTL counts as this; 30 s if zero
}

// question is a name and how to read it.
type question struct {
	name string // as written, without the port
	port string // "" for SRV
}

// settle fills in the defaults of c, and says what is wrong with it or name.
func (c Config) settle(name string) (Config, question, error) {
	c.Timeout = cmp.Or(c.Timeout, 2*time.Second)
	c.MinRefresh = cmp.Or(c.MinRefresh, time.Second)
	c.MaxRefresh = cmp.Or(c.MaxRefresh, max(30*time.Second, c.MinRefresh))
	q, err := c.question(name)
	if err != nil {
		return c, q, err
	}
	switch {
	case c.Timeout < 0:
		return c, q, fmt.Errorf("timeout is %s: write a positive one, or 0 for the default", c.Timeout)
	case c.MinRefresh < 10*time.Millisecond:
		return c, q, fmt.Errorf("the shortest refresh is %s: write at least 10ms, or 0 for the default", c.MinRefresh)
	case c.MaxRefresh < c.MinRefresh:
		return c, q, fmt.Errorf("the longest refresh, %s, is shorter than the shortest, %s: mend one", c.MaxRefresh, c.MinRefresh)
	case !slices.Contains([]string{"", "ipv4", "ipv6"}, c.Family):
		return c, q, fmt.Errorf("address family is %q: write ipv4 or ipv6, or nothing for both", clip(c.Family))
	case len(c.Servers) > maxServers:
		return c, q, fmt.Errorf("%d servers: at most %d are asked", len(c.Servers), maxServers)
	}
	for _, s := range c.Servers {
		if err := (sd.Instance{Addr: s}).Validate(); err != nil {
			return c, q, fmt.Errorf("server %q: write host:port: %w", clip(s), err)
		}
	}
	return c, q, nil
}

// question reads name, "addsvc.internal:8080" or, for SRV, without a port.
func (c Config) question(name string) (question, error) {
	host, port, hasPort := strings.Cut(name, ":")
	srv := c.SRV || strings.HasPrefix(name, "_")
	switch {
	case name == "":
		return question{}, errors.New("no name: write one such as addsvc.internal:8080 or _grpc._tcp.addsvc.internal")
	case isIP(name):
		return question{}, fmt.Errorf("%q is an address, not a name: list it as static://host:port", clip(name))
	case srv && hasPort:
		return question{}, fmt.Errorf("the name %q has a port, which SRV records say themselves: take it away", clip(name))
	case !srv && !hasPort:
		return question{}, fmt.Errorf("the name %q has no port: add it, or ask for SRV records, which say it", clip(name))
	}
	q := question{name: host, port: port}
	if err := (sd.Instance{Addr: net.JoinHostPort(host, cmp.Or(port, "1"))}).Validate(); err != nil {
		return q, err
	}
	if _, ok := dns.IsDomainName(host); !ok {
		return q, fmt.Errorf("%q is no domain name: a label of it is longer than 63 bytes", clip(host))
	}
	return q, nil
}

func isIP(name string) bool {
	host, _, err := net.SplitHostPort(name)
	if err != nil {
		host = name
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}

func clip(s string) string { return s[:min(len(s), 64)] }
