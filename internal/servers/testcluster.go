package servers

import (
	"context"
	"testing"
)

// TestCluster is a [Cluster] of a test: it is closed when the test ends, and
// the test fails where an operation would return an error. Its methods are for
// the test's own goroutine.
type TestCluster struct {
	tb      testing.TB
	cluster *Cluster
	members []*Server
}

// EtcdCluster runs an etcd of n members for tb; see [StartEtcdCluster].
func EtcdCluster(tb testing.TB, n int, opts Options) *TestCluster {
	tb.Helper()
	return newTestCluster(tb, StartEtcdCluster, n, opts)
}

// ConsulCluster runs a Consul of n servers for tb; see [StartConsulCluster].
func ConsulCluster(tb testing.TB, n int, opts Options) *TestCluster {
	tb.Helper()
	return newTestCluster(tb, StartConsulCluster, n, opts)
}

// ConsulAgent runs an agent for tb that is a client of c's servers; see
// [StartConsulAgent].
func ConsulAgent(tb testing.TB, c *TestCluster, opts Options) *Server {
	tb.Helper()
	return newServer(tb, func(ctx context.Context, opts Options) (*Process, error) {
		return StartConsulAgent(ctx, c.cluster, opts)
	}, opts)
}

func newTestCluster(tb testing.TB, start func(context.Context, int, Options) (*Cluster, error), n int, opts Options) *TestCluster {
	tb.Helper()
	c, err := start(tb.Context(), n, opts)
	if err != nil {
		tb.Fatal(err)
	}
	t := &TestCluster{tb: tb, cluster: c}
	for _, p := range c.members {
		t.members = append(t.members, &Server{tb: tb, process: p})
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			for _, p := range c.members {
				tb.Logf("the log of %s at %s ends:\n%s", p.kind.name, p.Endpoint(), p.LogTail())
			}
		}
		if err := c.Close(); err != nil {
			tb.Errorf("close a cluster of %s: %v", c.kind.name, err)
		}
	})
	return t
}

// Members returns all of them, those that are down too, in an order that
// stays.
func (c *TestCluster) Members() []*Server { return append([]*Server(nil), c.members...) }

// Endpoints is where clients connect, in the order of Members.
func (c *TestCluster) Endpoints() []string { return c.cluster.Endpoints() }

// Leader waits until the members follow one leader, and returns its index; see
// [Cluster.Leader].
func (c *TestCluster) Leader() int {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(c.tb.Context(), startTimeout)
	defer cancel()
	i, err := c.cluster.Leader(ctx)
	if err != nil {
		c.tb.Fatal(err)
	}
	return i
}
