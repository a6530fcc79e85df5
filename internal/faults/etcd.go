package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
	"github.com/kitgen/kitgen/internal/servers"
)

// etcdPrefix is where the instances are.
const etcdPrefix = "/kitgen/" + service + "/"

// etcdRegistry is one member with a proxy before it for each side, or several
// members without.
type etcdRegistry struct {
	server  *servers.Process
	cluster *servers.Cluster                // nil if there is one member
	client  atomic.Pointer[clientv3.Client] // of our own, past the proxies

	user, reader string // before the hosts of the instances' and the consumer's target, such as name:password@

	fleetSide, consumerSide *servers.Proxy // nil in a cluster
	starver                 *starver       // before the consumer instead of a proxy; nil if there is none
}

// onEtcd starts one etcd for the row.
func (t *trial) onEtcd(opts servers.Options) *etcdRegistry {
	return t.onEtcdAs(clientv3.Config{}, opts)
}

// onEtcdAs is onEtcd, of which the row asks with credentials.
func (t *trial) onEtcdAs(as clientv3.Config, opts servers.Options) *etcdRegistry {
	opts.Progress = t.logs
	server, err := servers.StartEtcd(t.ctx, opts)
	t.must(err)
	e := &etcdRegistry{server: server}
	t.adopt(e)
	e.fleetSide, err = servers.StartProxy(server.Endpoint())
	t.must(err)
	e.consumerSide, err = servers.StartProxy(server.Endpoint())
	t.must(err)
	t.must(e.dial(as, server.Endpoint()))
	return e
}

// onEtcdCluster starts three members.
func (t *trial) onEtcdCluster() *etcdRegistry {
	cluster, err := servers.StartEtcdCluster(t.ctx, 3, servers.Options{Progress: t.logs})
	t.must(err)
	e := &etcdRegistry{cluster: cluster}
	t.adopt(e)
	t.must(e.dial(clientv3.Config{}, cluster.Endpoints()...))
	return e
}

// dial makes the client that asks directly.
func (e *etcdRegistry) dial(cfg clientv3.Config, endpoints ...string) error {
	cfg.Endpoints, cfg.Logger = endpoints, zap.NewNop()
	client, err := clientv3.New(cfg)
	if err != nil {
		return err
	}
	if old := e.client.Swap(client); old != nil {
		return old.Close()
	}
	return nil
}

func (e *etcdRegistry) fleet() string { return e.target(e.user, e.fleetSide) }

func (e *etcdRegistry) consumer() string {
	if e.starver != nil {
		return "etcd://" + e.starver.addr() + "/" + service
	}
	return e.target(e.reader, e.consumerSide)
}

func (e *etcdRegistry) target(user string, side *servers.Proxy) string {
	if e.cluster != nil {
		return "etcd://" + user + strings.Join(e.cluster.Endpoints(), ",") + "/" + service
	}
	return "etcd://" + user + side.Addr() + "/" + service
}

// list reads the keys. The values are read by hand: what is asked here is not
// what the backend makes of them.
func (e *etcdRegistry) list(ctx context.Context) (s history.Sighting, err error) {
	resp, err := e.client.Load().Get(ctx, etcdPrefix, clientv3.WithPrefix()) // sorted by key
	if err != nil {
		return s, fmt.Errorf("list %s: %w", etcdPrefix, err)
	}
	for _, kv := range resp.Kvs {
		var v struct {
			Addr    string `json:"addr"`
			State   string `json:"state"`
			Version string `json:"version"`
		}
		if err := json.Unmarshal(kv.Value, &v); err != nil {
			return s, fmt.Errorf("read %s: %w", kv.Key, err)
		}
		id := strings.TrimPrefix(string(kv.Key), etcdPrefix)
		if id == markerID {
			s.Marker, err = strconv.ParseInt(v.Version, 10, 64)
			if err != nil {
				return s, fmt.Errorf("read %s: %w", kv.Key, err)
			}
			continue
		}
		s.Members = append(s.Members, history.Member{ID: id, Addr: v.Addr, Callable: v.State != draining && v.State != "critical"})
		if v.State == draining {
			s.Draining = append(s.Draining, id)
		}
	}
	return s, nil
}

func (e *etcdRegistry) mark(ctx context.Context, n int64) error {
	_, err := e.client.Load().Put(ctx, etcdPrefix+markerID, fmt.Sprintf(`{"v":1,"addr":%q,"version":"%d","state":"draining"}`, nowhere, n))
	return err
}

func (e *etcdRegistry) close() error {
	var errs []error
	if c := e.client.Load(); c != nil {
		errs = append(errs, c.Close())
	}
	for _, p := range []*servers.Proxy{e.fleetSide, e.consumerSide} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	if e.cluster != nil {
		errs = append(errs, e.cluster.Close())
	}
	if e.server != nil {
		errs = append(errs, e.server.Close())
	}
	return errors.Join(errs...)
}

// leader is the member that leads now, and a follower.
func (t *trial) leader(e *etcdRegistry) (leader, follower *servers.Process) {
	ctx, cancel := context.WithTimeout(t.ctx, 30*time.Second)
	defer cancel()
	i, err := e.cluster.Leader(ctx)
	t.must(err)
	members := e.cluster.Members()
	return members[i], members[(i+1)%len(members)]
}

// watchers is how many watches each member serves, by its own account.
func (t *trial) watchers(e *etcdRegistry) (counts []int) {
	for _, endpoint := range e.cluster.Endpoints() {
		text, err := fetch(t.ctx, http.MethodGet, "http://"+endpoint+"/metrics")
		t.must(err)
		n := 0
		for line := range strings.Lines(string(text)) {
			if count, ok := strings.CutPrefix(line, "etcd_debugging_mvcc_watcher_total "); ok {
				n, err = strconv.Atoi(strings.TrimSpace(count))
				t.must(err)
			}
		}
		counts = append(counts, n)
	}
	return counts
}

// attached is the member that serves the watch which was opened since before
// was counted.
func (t *trial) attached(e *etcdRegistry, before []int) *servers.Process {
	after := t.watchers(e)
	i := slices.IndexFunc(after, func(n int) bool { return n > 0 })
	for j := range after {
		if after[j] > before[j] {
			i = j
		}
	}
	if i < 0 {
		t.fail("no member serves a watch: the consumer's cannot be found")
	}
	return e.cluster.Members()[i]
}
