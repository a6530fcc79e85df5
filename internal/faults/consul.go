package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
	"github.com/kitgen/kitgen/internal/servers"
)

// consulRegistry is an agent with a proxy before it for each side. It is the
// only server, or the client of several.
type consulRegistry struct {
	agent   *servers.Process
	cluster *servers.Cluster // nil if the agent is the server
	client  *api.Client      // of our own, past the proxies

	fleetSide, consumerSide *servers.Proxy
}

// root is the token for everything, where there are tokens.
const root = "5ca1ab1e-0000-4000-8000-000000000001"

// onConsul starts one agent that is its own server.
func (t *trial) onConsul(opts servers.Options) *consulRegistry {
	opts.Progress = t.logs
	agent, err := servers.StartConsul(t.ctx, opts)
	t.must(err)
	return t.onAgent(&consulRegistry{agent: agent}, agent.Endpoint(), opts.Consul.ManagementToken)
}

// onConsulCluster starts three servers and an agent that both sides talk to.
// What the registry lists is asked of a server.
func (t *trial) onConsulCluster() *consulRegistry {
	cluster, err := servers.StartConsulCluster(t.ctx, 3, servers.Options{Progress: t.logs})
	t.must(err)
	c := &consulRegistry{cluster: cluster}
	t.adopt(c)
	c.agent, err = servers.StartConsulAgent(t.ctx, cluster, servers.Options{Progress: t.logs})
	t.must(err)
	return t.onAgent(c, cluster.Endpoints()[0], "")
}

func (t *trial) onAgent(c *consulRegistry, direct, token string) *consulRegistry {
	if t.registry == nil {
		t.adopt(c)
	}
	var err error
	c.fleetSide, err = servers.StartProxy(c.agent.Endpoint())
	t.must(err)
	c.consumerSide, err = servers.StartProxy(c.agent.Endpoint())
	t.must(err)
	c.client, err = api.NewClient(&api.Config{Address: direct, Token: token})
	t.must(err)
	return c
}

func (c *consulRegistry) fleet() string { return "consul://" + c.fleetSide.Addr() + "/" + service }
func (c *consulRegistry) consumer() string {
	return "consul://" + c.consumerSide.Addr() + "/" + service
}

// list reads the catalogue and judges the checks by hand: what is asked here is
// not what the backend makes of them.
func (c *consulRegistry) list(ctx context.Context) (s history.Sighting, err error) {
	q := (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx)
	entries, _, err := c.client.Health().Service(service, "", false, q)
	if err != nil {
		return s, fmt.Errorf("list %s: %w", service, err)
	}
	for _, e := range entries {
		if e.Service.ID == markerID {
			s.Marker, err = strconv.ParseInt(e.Service.Meta["version"], 10, 64)
			if err != nil {
				return s, fmt.Errorf("read the marker: %w", err)
			}
			continue
		}
		m := history.Member{ID: e.Service.ID, Addr: net.JoinHostPort(e.Service.Address, strconv.Itoa(e.Service.Port)), Callable: true}
		for _, check := range e.Checks {
			if check.Status == api.HealthCritical {
				m.Callable = false
				if check.Output == draining || strings.HasPrefix(check.CheckID, api.ServiceMaintPrefix) {
					s.Draining = append(s.Draining, m.ID)
				}
			}
		}
		s.Members = append(s.Members, m)
	}
	slices.SortFunc(s.Members, func(a, b history.Member) int { return strings.Compare(a.ID, b.ID) })
	return s, nil
}

// mark registers the marker on a node that has no agent, so that no agent takes
// it away, and that one request writes all of it.
func (c *consulRegistry) mark(ctx context.Context, n int64) error {
	host, port, err := net.SplitHostPort(nowhere)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	_, err = c.client.Catalog().Register(&api.CatalogRegistration{
		Node: markerID, Address: host, SkipNodeUpdate: true,
		Service: &api.AgentService{ID: markerID, Service: service, Address: host, Port: number, Meta: map[string]string{"version": strconv.FormatInt(n, 10)}},
		Check:   &api.AgentCheck{Node: markerID, CheckID: markerID, Name: markerID, ServiceID: markerID, Status: api.HealthCritical, Output: draining},
	}, (&api.WriteOptions{}).WithContext(ctx))
	return err
}

func (c *consulRegistry) close() error {
	var errs []error
	for _, p := range []*servers.Proxy{c.fleetSide, c.consumerSide} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	if c.agent != nil {
		errs = append(errs, c.agent.Close())
	}
	if c.cluster != nil {
		errs = append(errs, c.cluster.Close())
	}
	return errors.Join(errs...)
}
