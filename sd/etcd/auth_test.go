package etcd

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// allow makes etcd ask for passwords: root may do all, "svc" has this one
// service's keys.
func (f *fixture) allow() {
	f.Helper()
	c, ctx := f.client, f.Context()
	prefix := prefixOf("kitgen", "svc")
	for what, do := range map[string]func() error{
		"role": func() error { _, err := c.RoleAdd(ctx, "svc"); return err },
		"root": func() error { _, err := c.UserAdd(ctx, "root", "secret"); return err },
		"user": func() error { _, err := c.UserAdd(ctx, "svc", "secret"); return err },
	} {
		if err := do(); err != nil {
			f.Fatal(what, err)
		}
	}
	for _, do := range []func() error{
		func() error {
			_, err := c.RoleGrantPermission(ctx, "svc", prefix, clientv3.GetPrefixRangeEnd(prefix), clientv3.PermissionType(clientv3.PermReadWrite))
			return err
		},
		func() error { _, err := c.UserGrantRole(ctx, "svc", "svc"); return err },
		func() error { _, err := c.UserGrantRole(ctx, "root", "root"); return err },
		func() error { _, err := c.AuthEnable(ctx); return err },
	} {
		if err := do(); err != nil {
			f.Fatal(err)
		}
	}
}

func as(user string) func(*clientv3.Config) {
	return func(cfg *clientv3.Config) { cfg.Username, cfg.Password = user, "secret" }
}

func TestPasswordAndRole(t *testing.T) {
	f := newFixture(t)
	f.allow()
	root, user := connect(t, f.etcd.Endpoint(), as("root")), connect(t, f.etcd.Endpoint(), as("svc"))
	f.client = root
	i := NewInstancer(user, "svc", Config{})
	defer i.Stop()
	held, r := hold(t, NewHolder(user, "svc", Config{TTL: minTTL}), instance("a"))
	known(t, i, "a")
	if _, err := root.Revoke(t.Context(), f.lease("a")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "registered again", func() bool { return held.get() > 1 })

	// What it may neither read nor write is an error, and nobody else's problem.
	_, other := watch(t, NewWatcher(user, "another", Config{}))
	t.Logf("Watch of what it may not read: %v", other.wait())
	if err := NewHolder(user, "another", Config{}).Hold(t.Context(), instance("a"), func() { t.Error("held was called") }); err == nil {
		t.Error("Hold of what it may not write = nil")
	} else {
		t.Logf("Hold of what it may not write: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Errorf("leave: %v", err)
	}
	s, _ := i.Snapshot()
	if !s.Synced || s.Err != nil {
		t.Errorf("the Instancer is ill: %v", s.Err)
	}
}

// Who may still renew, but not look after the key, must not pass for registered
// for ever.
func TestHoldGivesUpWhenItMayNotRepair(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var denied atomic.Bool
	deny := func(cfg *clientv3.Config) {
		cfg.DialOptions = append(cfg.DialOptions, grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				if denied.Load() && method == "/etcdserverpb.KV/Range" {
					return status.Error(codes.PermissionDenied, "etcdserver: permission denied")
				}
				return next(ctx, method, req, reply, cc, opts...)
			}))
	}
	h := NewHolder(connect(t, f.etcd.Endpoint(), deny), "svc", Config{TTL: minTTL})
	_, r := hold(t, h, instance("a"))
	denied.Store(true)
	if _, err := f.client.Delete(t.Context(), f.key("a")); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err := r.wait()
	t.Logf("gave up after %v: %v", time.Since(start), err)
	if err == nil {
		t.Fatal("Hold = nil")
	}
	denied.Store(false)
	hold(t, h, instance("a"))
	want(t, f.seen, instance("a"))
}
