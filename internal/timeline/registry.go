package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd/etcd"
)

const prefix = "/kitgen/addsvc/" // where the service's instances stand

// distance is how long a byte takes from a service or its client to etcd, and
// back, as on a network.
const distance = 5 * time.Millisecond

// registry is an etcd and somebody who watches it without the library's help.
type registry struct {
	process *servers.Process
	network *servers.Proxy // before it
	rec     *recorder
	cancel  context.CancelFunc // ends the watch
	watch   sync.WaitGroup
}

func startRegistry(ctx context.Context, rec *recorder) (*registry, error) {
	process, err := servers.StartEtcd(ctx, servers.Options{})
	if err != nil {
		return nil, err
	}
	network, err := servers.StartProxy(process.Endpoint())
	if err != nil {
		return nil, errors.Join(err, process.Close())
	}
	network.Delay(distance)
	r := &registry{process: process, network: network, rec: rec}
	return r, r.follow(ctx)
}

// target names the service there.
func (r *registry) target() string {
	return fmt.Sprintf("etcd://%s/addsvc?ttl=%s", r.network.Addr(), ttl)
}

// follow notes what etcd lists, until wipe or close.
func (r *registry) follow(ctx context.Context) error {
	r.rec.setRegistry(up)
	client, err := clientv3.New(etcd.ClientConfig(r.process.Endpoint()))
	if err != nil {
		return err
	}
	list, err := client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return errors.Join(err, client.Close())
	}
	states := map[string]string{}
	for _, kv := range list.Kvs {
		states[path.Base(string(kv.Key))] = stateOf(kv.Value)
	}
	r.rec.setListed(states)
	ctx, r.cancel = context.WithCancel(ctx)
	events := client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(list.Header.Revision+1))
	r.watch.Go(func() {
		defer client.Close()
		for response := range events {
			for _, e := range response.Events {
				id := path.Base(string(e.Kv.Key))
				if states[id] = stateOf(e.Kv.Value); e.Type == clientv3.EventTypeDelete {
					states[id] = none
				}
				r.rec.setListed(states)
			}
		}
	})
	return nil
}

// stateOf reads just the state of an entry.
func stateOf(value []byte) string {
	var entry struct {
		State string `json:"state"`
	}
	if json.Unmarshal(value, &entry) == nil && entry.State == draining {
		return draining
	}
	return up
}

// wipe kills etcd and removes its data.
func (r *registry) wipe() error {
	r.unfollow()
	err := r.process.Wipe()
	r.rec.setRegistry(down)
	r.rec.setListed(nil)
	return err
}

// restart brings it back, and returns when it serves.
func (r *registry) restart(ctx context.Context) error {
	if err := r.process.Start(ctx); err != nil {
		return err
	}
	return r.follow(ctx)
}

func (r *registry) unfollow() {
	if r.cancel != nil {
		r.cancel()
	}
	r.watch.Wait()
}

func (r *registry) close() error {
	if r == nil {
		return nil
	}
	r.unfollow()
	return errors.Join(r.network.Close(), r.process.Close())
}
