package consul

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// HTTPCheck is a request that the agent makes to see whether the instance is
// well: 2xx is passing, 429 warning, all else critical. The agent must be able
// to reach it.
type HTTPCheck struct {
	URL    string // or a path, such as /healthz, at the instance's address for "http" (Instance.For)
	Method string // GET if empty
	Probe
}

// GRPCCheck is a call of the standard health service that the agent makes.
type GRPCCheck struct {
	Addr    string // host:port; the instance's address for "grpc" (Instance.For) if empty
	Service string // whose health is asked for; the server's own if empty
	TLS     bool   // verified by the agent, with its own CA
	Probe
}

// Probe is when an agent checks, and what it concludes. The zero value is good.
type Probe struct {
	Interval               time.Duration // between checks; 10 s if zero, at least 1 s
	Timeout                time.Duration // of a check, shorter than Interval; the smaller of 2 s and half of Interval if zero
	SuccessBeforePassing   int           // successes in a row that make it passing; 1 if zero
	FailuresBeforeCritical int           // failures in a row that make it critical; 1 if zero
}

func (p Probe) withDefaults() Probe {
	if p.Interval == 0 {
		p.Interval = 10 * time.Second
	}
	if p.Timeout == 0 {
		p.Timeout = min(2*time.Second, p.Interval/2)
	}
	return p
}

func (p Probe) check(name string) error {
	switch p = p.withDefaults(); {
	case p.Interval < time.Second:
		return fmt.Errorf("consul %s.Interval %v is below 1s, Consul's minimum: raise it, or leave it zero for 10s", name, p.Interval)
	case p.Timeout < 0 || p.Timeout >= p.Interval:
		return fmt.Errorf("consul %s.Timeout %v is not within 0 and the Interval of %v: lower it, so that checks do not overlap", name, p.Timeout, p.Interval)
	case p.SuccessBeforePassing < 0 || p.FailuresBeforeCritical < 0:
		return fmt.Errorf("consul %s.SuccessBeforePassing (%d) or FailuresBeforeCritical (%d) is negative: leave it zero for 1", name, p.SuccessBeforePassing, p.FailuresBeforeCritical)
	}
	return nil
}

// probed tells whether the agent checks by itself.
func (c *Config) probed() bool { return c.HTTPCheck != nil || c.GRPCCheck != nil }

func (c *Config) checkProbe() error {
	if !c.probed() {
		return nil
	}
	if c.Ready != nil {
		return errors.New("consul Config.Ready is asked with every beat, which HTTPCheck and GRPCCheck replace: let the handler that they ask call it, and leave Ready nil")
	}
	if c.HTTPCheck != nil && c.GRPCCheck != nil {
		return errors.New("consul Config.HTTPCheck and GRPCCheck are both set: keep one")
	}
	if h := c.HTTPCheck; h != nil {
		if err := h.checkURL(); err != nil {
			return err
		}
		return h.check("HTTPCheck")
	}
	if g := c.GRPCCheck; strings.ContainsAny(g.Service, "/ ?#") {
		return fmt.Errorf("consul GRPCCheck.Service %.128q is no service name: write one such as \"pkg.Service\", or leave it empty for the whole server", g.Service)
	} else if g.Addr != "" {
		if err := (sd.Instance{Addr: g.Addr}).Validate(); err != nil {
			return fmt.Errorf("consul GRPCCheck.Addr: %w", err)
		}
	}
	return c.GRPCCheck.check("GRPCCheck")
}

func (h *HTTPCheck) checkURL() error {
	const mend = `write a path such as "/healthz", or a URL such as "http://10.0.0.1:8080/healthz"`
	u, err := url.Parse(h.URL)
	switch {
	case err != nil:
		return fmt.Errorf("consul HTTPCheck.URL cannot be read: %s", mend)
	case u.User != nil:
		return fmt.Errorf("consul HTTPCheck.URL has credentials, which Consul would show to everybody: %s", mend)
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(h.URL, "/"):
		return nil
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return fmt.Errorf("consul HTTPCheck.URL %.128q is neither a path nor a URL: %s", u.Redacted(), mend)
	}
	return nil
}

// checkOf is the check that is registered with in.
func (c *Config) checkOf(in sd.Instance) (*api.AgentServiceCheck, error) {
	if !c.probed() {
		return &api.AgentServiceCheck{Name: "alive", TTL: c.TTL.String()}, nil
	}
	if in.State != sd.Up {
		return nil, fmt.Errorf("%w %.128q: it says that it is %v, and the agent's own check decides that: leave State zero", sd.ErrInvalid, in.ID, in.State)
	}
	check := &api.AgentServiceCheck{Name: "healthy"}
	var probe Probe
	if h := c.HTTPCheck; h != nil {
		check.HTTP, check.Method, probe = h.URL, h.Method, h.Probe
		if strings.HasPrefix(h.URL, "/") {
			check.HTTP = "http://" + in.For("http").Addr + h.URL
		}
	} else {
		g := c.GRPCCheck
		check.GRPC, check.GRPCUseTLS, probe = g.Addr, g.TLS, g.Probe
		if g.Addr == "" {
			check.GRPC = in.For("grpc").Addr
		}
		if g.Service != "" {
			check.GRPC += "/" + g.Service
		}
	}
	probe = probe.withDefaults()
	check.Interval, check.Timeout = probe.Interval.String(), probe.Timeout.String()
	check.SuccessBeforePassing, check.FailuresBeforeCritical = probe.SuccessBeforePassing, probe.FailuresBeforeCritical
	return check, nil
}
