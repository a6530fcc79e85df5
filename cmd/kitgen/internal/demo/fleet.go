package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/localetcd"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
)

// status is what the tour did to a replica.
type status string

const (
	up      status = "up"
	killed  status = "killed"
	frozen  status = "frozen"
	leaving status = "leaving"
	left    status = "left"
)

// replica is one process of the generated service.
type replica struct {
	*process
	name       string
	http, grpc string
	status     status
}

// addrs are the names under which the client's two pools know the replica.
func (r *replica) addrs() []string { return []string{r.http, r.grpc} }

// fleet is the etcd and every replica that was ever started.
type fleet struct {
	dir      string
	service  string // binary of the generated service
	registry string // host:port of etcd
	server   *localetcd.Server

	mu       sync.Mutex // guards replicas and their status
	replicas []*replica
}

func (f *fleet) startEtcd(ctx context.Context) error {
	log, err := openLog(f.dir, "etcd")
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	f.server, err = localetcd.Start(ctx, localetcd.Config{Dir: filepath.Join(f.dir, "etcd"), Listen: f.registry, Log: log})
	if err != nil {
		return fmt.Errorf("%w; see %s, which --keep keeps", err, log.Name())
	}
	f.registry = f.server.Addr // a restart keeps it
	return nil
}

// restartEtcd kills the registry and starts it again on its data.
func (f *fleet) restartEtcd(ctx context.Context) error {
	f.stopEtcd()
	if err := f.startEtcd(ctx); err != nil {
		return err
	}
	return f.awaitRegistered(ctx)
}

func (f *fleet) stopEtcd() {
	if f.server != nil {
		f.server.Kill()
	}
}

// awaitRegistered returns once every replica that is up stands in the
// registry.
func (f *fleet) awaitRegistered(ctx context.Context) error {
	client, err := clientv3.New(etcd.ClientConfig(f.registry))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	missing := "all of them"
	err = etcd.NewWatcher(client, "addsvc", etcd.Config{}).Watch(ctx, func(set []sd.Instance) {
		if missing = f.missing(set); missing == "" {
			cancel()
		}
	})
	if missing != "" {
		return fmt.Errorf("%s did not come back to the registry: %w", missing, err)
	}
	return nil
}

// missing names a replica that is up but not in set.
func (f *fleet) missing(set []sd.Instance) string {
	for _, r := range f.list() {
		in := func(i sd.Instance) bool { return i.Meta["grpc"] == r.grpc }
		if r.status == up && !slices.ContainsFunc(set, in) {
			return r.name
		}
	}
	return ""
}

// add starts one more replica and waits until it says that it is ready.
func (f *fleet) add(ctx context.Context) error {
	ports, err := child.FreePorts(2)
	if err != nil {
		return err
	}
	f.mu.Lock()
	name := fmt.Sprintf("addsvc-%d", len(f.replicas)+1)
	f.mu.Unlock()
	p, err := launch(f.dir, name, nil, f.service, "-http-addr", ports[0], "-grpc-addr", ports[1], "-advertise", "127.0.0.1", "-registry", "etcd://"+f.registry+"/addsvc")
	if err != nil {
		return err
	}
	r := &replica{process: p, name: name, http: ports[0], grpc: ports[1], status: up}
	f.mu.Lock()
	f.replicas = append(f.replicas, r)
	f.mu.Unlock()
	return f.await(ctx, p, name, "http://"+r.http+"/readyz")
}

// await polls url until it answers 200, the process ends or ctx does.
func (f *fleet) await(ctx context.Context, p *process, name, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if answers(ctx, url) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to be ready: %w; its log ends:\n%s", name, context.Cause(ctx), p.tail())
		case <-p.Done():
			return fmt.Errorf("%s: %w before it was ready; its log ends:\n%s", name, errors.Join(p.Err(), child.ErrEnded), p.tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// do carries out one step of the script.
func (f *fleet) do(ctx context.Context, s step) error {
	switch s.kind {
	case kill:
		return f.hit(s.replica, syscall.SIGKILL, killed)
	case freeze:
		return f.hit(s.replica, child.Freeze, frozen)
	case thaw:
		return f.hit(s.replica, child.Thaw, up)
	case stop:
		return f.hit(s.replica, syscall.SIGTERM, leaving)
	case start:
		return f.add(ctx)
	case restart:
		return f.restartEtcd(ctx)
	}
	return fmt.Errorf("unknown step %q", s.kind)
}

func (f *fleet) hit(i int, sig syscall.Signal, to status) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.replicas[i]
	if err := r.Signal(sig); err != nil {
		return fmt.Errorf("send %s to %s: %w", sig, r.name, err)
	}
	r.status = to
	return nil
}

// list is the fleet as it stands; a replica that was stopped has left once its
// process is gone.
func (f *fleet) list() []replica {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []replica
	for _, r := range f.replicas {
		if r.status == leaving && !r.Running() {
			r.status = left
		}
		out = append(out, *r)
	}
	return out
}

// verify reports a replica that ended though nobody told it to, or that did
// not leave cleanly.
func (f *fleet) verify() error {
	var errs []error
	for _, r := range f.list() {
		switch {
		case r.status == up && !r.Running():
			errs = append(errs, fmt.Errorf("%s ended by itself: %w; its log ends:\n%s", r.name, errors.Join(r.Err(), child.ErrEnded), r.tail()))
		case r.status == left && r.Err() != nil:
			errs = append(errs, fmt.Errorf("%s did not leave cleanly: %w; its log ends:\n%s", r.name, r.Err(), r.tail()))
		case r.status == leaving:
			errs = append(errs, fmt.Errorf("%s had not left when the tour ended; its log ends:\n%s", r.name, r.tail()))
		}
	}
	return errors.Join(errs...)
}

// close ends every process and waits for it.
func (f *fleet) close() {
	for _, r := range f.list() {
		r.Kill()
	}
	f.stopEtcd()
}
