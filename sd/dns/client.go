package dns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	udpSize = 1232 // fits an Ethernet frame by any route

	// suspicious is the length, uncompressed, above which an answer over UDP
	// may have been cut without saying so: Consul does that.
	suspicious = udpSize / 2
)

// client asks servers, beginning with the one that answered last.
type client struct {
	servers []string
	first   int
	timeout time.Duration
	tcp     bool
}

// ask returns the first answer that settles the question: there is such a
// record, or there is none. Every server is asked twice, for a datagram may be
// lost.
func (c *client) ask(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	var faults []error
	for n := range 2 * len(c.servers) {
		i := (c.first + n) % len(c.servers)
		m, err := c.exchange(ctx, c.servers[i], name, kind)
		if err == nil {
			c.first = i
			return m, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if n < len(c.servers) { // the second time it says the same
			faults = append(faults, fmt.Errorf("ask %s for %s of %s: %w", c.servers[i], dns.TypeToString[kind], name, err))
		}
	}
	return nil, errors.Join(faults...)
}

// exchange asks over UDP, unless c.tcp, and over TCP what may not fit that.
func (c *client) exchange(ctx context.Context, server, name string, kind uint16) (*dns.Msg, error) {
	var short *dns.Msg
	if !c.tcp {
		m, err := c.send(ctx, "udp", server, name, kind)
		if err != nil || !m.Truncated && m.Len() <= suspicious {
			return m, err
		}
		short = m
	}
	whole, err := c.send(ctx, "tcp", server, name, kind)
	switch {
	case short != nil && !short.Truncated && (err != nil || whole.Truncated):
		return short, nil //nolint:nilerr // there is no TCP here, and it does claim to be whole
	case err == nil && whole.Truncated:
		return nil, errors.New("its answer does not even fit TCP: split the service")
	}
	return whole, err
}

// send is one question over one connection.
func (c *client) send(ctx context.Context, network, server, name string, kind uint16) (*dns.Msg, error) {
	limited, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer over %s within %s", strings.ToUpper(network), c.timeout))
	defer cancel()
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	m.SetEdns0(udpSize, false)
	d := dns.Client{Net: network, Timeout: c.timeout}
	conn, err := d.DialContext(limited, server)
	if err != nil {
		return nil, orCause(limited, err)
	}
	defer func() { _ = conn.Close() }() // again, if ctx has ended
	defer context.AfterFunc(limited, func() { _ = conn.Close() })()
	r, _, err := d.ExchangeWithConnContext(limited, m, conn)
	if err != nil && (r == nil || r.Id != m.Id || !r.Truncated) { // what was cut in two cannot be read, and need not
		return nil, orCause(limited, err)
	}
	if err := settles(r, name, kind); err != nil {
		return nil, err
	}
	return r, nil
}

// orCause says why ctx ended, if it has, rather than what broke by that.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// settles says why m answers nothing.
func settles(m *dns.Msg, name string, kind uint16) error {
	if !m.Response || len(m.Question) != 1 || m.Question[0].Qtype != kind || !strings.EqualFold(m.Question[0].Name, name) {
		return errors.New("it answers another question")
	}
	switch m.Rcode {
	case dns.RcodeNameError:
		return nil
	case dns.RcodeSuccess:
		if len(m.Answer) == 0 && !m.Truncated && !m.Authoritative && !m.RecursionAvailable {
			return errors.New("it knows nothing of the name and asks nobody else: name a server that recurses")
		}
		return nil
	}
	return fmt.Errorf("it says %s", dns.RcodeToString[m.Rcode])
}
