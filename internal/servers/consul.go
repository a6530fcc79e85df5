package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// StartConsul runs a Consul agent, a server of its own data centre, and returns
// when its catalogue answers. ctx bounds the start (a first one builds the
// binary). The caller closes the Process.
func StartConsul(ctx context.Context, opts Options) (*Process, error) {
	return start(ctx, consulKind(opts, 1), opts)
}

// StartConsulCluster runs a Consul of n servers and returns when the catalogue
// of each has them all. ctx bounds the start. The caller closes the Cluster.
func StartConsulCluster(ctx context.Context, n int, opts Options) (*Cluster, error) {
	return startCluster(ctx, consulKind(opts, n), n, opts)
}

// StartConsulAgent runs an agent that is no server but a client of c's, and
// returns when it answers from their catalogue. opts must have the
// ManagementToken that c has. The caller closes the Process, and then c.
func StartConsulAgent(ctx context.Context, c *Cluster, opts Options) (*Process, error) {
	k := consulKind(opts, len(c.members))
	k.ready = k.settle
	k.args = func(s site) ([]string, error) {
		s.index, s.peers = -1, c.members[0].site.peers
		return opts.Consul.args(s)
	}
	return start(ctx, k, opts)
}

func consulKind(opts Options, members int) kind {
	o := opts.Consul
	k := kind{
		name: "consul",
		program: source{
			name: "consul",
			pkg:  "github.com/hashicorp/consul",
			// Its module is no part of the workspace: it needs older
			// dependencies than the rest of this repository.
			env:     []string{"GOWORK=off", "GOFLAGS=-mod=mod"},
			waiting: "building Consul 1.13.9 for the tests: about five minutes, once",
		}.binary,
		ports:  4,
		args:   o.args,
		settle: func(ctx context.Context, p probe) error { return o.lists(ctx, p, members) },
		view: func(ctx context.Context, p probe) (self, leader string, err error) {
			b, err := o.as(p).get(ctx, "/v1/status/leader")
			return p.site.ports[1].addr(), strings.Trim(string(b), "\"\n"), err
		},
	}
	k.ready = k.settle
	if members > 1 {
		k.ready = func(ctx context.Context, p probe) error {
			_, _, err := k.view(ctx, p)
			return err
		}
	}
	return k
}

// as returns the probe with the token that may ask everything.
func (o ConsulOptions) as(p probe) probe {
	if o.ManagementToken == "" {
		return p
	}
	return p.with("X-Consul-Token", o.ManagementToken)
}

// lists returns nil once the catalogue has so many servers that are well.
func (o ConsulOptions) lists(ctx context.Context, p probe, servers int) error {
	b, err := o.as(p).get(ctx, "/v1/health/service/consul?passing")
	if err != nil {
		return err
	}
	if bytes.Count(b, []byte(`"Node":"`+consulNode)) < servers {
		return errors.New("the catalogue does not have all its own servers yet")
	}
	return nil
}

// consulNode begins the name of every server in the catalogue.
const consulNode = "test-node"

// args sets up a server that keeps its data, unlike -dev, with everything off
// that would use a port we did not reserve.
func (o ConsulOptions) args(s site) ([]string, error) {
	args := []string{
		"agent", "-bind", "127.0.0.1", "-client", "127.0.0.1",
		"-data-dir", s.data, "-log-level", "warn", "-hcl", o.config(s),
	}
	switch {
	case s.index < 0:
		args = append(args, "-node", "test-agent-"+strconv.Itoa(s.ports[2].number))
	case s.peers == nil:
		args = append(args, "-server", "-bootstrap", "-node", consulNode)
	default:
		// The ID is the same after a Wipe, so that the others know it again.
		args = append(args, "-server", "-bootstrap-expect", strconv.Itoa(len(s.peers)),
			"-node", fmt.Sprintf("%s-%d", consulNode, s.index),
			"-node-id", fmt.Sprintf("00000000-0000-4000-8000-%012d", s.index))
	}
	for i, ports := range s.peers {
		if i != s.index {
			args = append(args, "-retry-join", ports[2].addr())
		}
	}
	if o.Config != "" {
		args = append(args, "-hcl", o.Config)
	}
	return args, nil
}
