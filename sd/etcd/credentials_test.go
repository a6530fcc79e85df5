package etcd

import (
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Everything that can happen to credentials happens to a registration and a
// watch that run.
func TestCredentialsChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pw := file(t, "pw", "secret")
	s := stand(t, f, Connection{Endpoints: []string{f.etcd.Endpoint()}, User: "svc", PasswordFile: pw})
	lease := f.lease("a")

	f.allow() // passwords are asked for from now on
	root := connect(t, f.etcd.Endpoint(), as("root"))
	f.client = root
	s.fresh("b")
	if _, err := root.Delete(t.Context(), f.key("b")); err != nil {
		t.Fatal(err)
	}
	s.well()

	if _, err := root.UserChangePassword(t.Context(), "svc", "another"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the registrar is told to authenticate anew", func() bool { _, err := s.registrar.State(); return err != nil })
	_, err := s.registrar.State()
	t.Logf("password changed: %v", err)
	replace(t, pw, file(t, "next", "another\n"))
	t.Logf("password file rewritten → well: %v", s.well())
	if f.lease("a") != lease {
		t.Error("the lease was lost")
	}

	prefix := prefixOf("kitgen", "svc")
	end := clientv3.GetPrefixRangeEnd(prefix)
	if _, err := root.RoleRevokePermission(t.Context(), "svc", prefix, end); err != nil {
		t.Fatal(err)
	}
	s.ill()
	if _, err := root.RoleGrantPermission(t.Context(), "svc", prefix, end, clientv3.PermissionType(clientv3.PermReadWrite)); err != nil {
		t.Fatal(err)
	}
	t.Logf("permission granted again → well: %v", s.well())
}

// Whoever brings their own client cannot be given another one: the same client
// must get over it.
func TestPermissionOfOwnClientComesBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.allow()
	root := connect(t, f.etcd.Endpoint(), as("root"))
	f.client = root
	h := NewHolder(connect(t, f.etcd.Endpoint(), as("svc")), "svc", Config{TTL: minTTL})
	_, r := hold(t, h, instance("a"))
	lease := f.lease("a")
	prefix := prefixOf("kitgen", "svc")
	end := clientv3.GetPrefixRangeEnd(prefix)
	if _, err := root.RoleRevokePermission(t.Context(), "svc", prefix, end); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := r.wait(); !refused(err) {
		t.Fatalf("Hold = %v, want a refusal", err)
	}
	t.Logf("permission revoked → told after %v", time.Since(start))
	if _, err := root.RoleGrantPermission(t.Context(), "svc", prefix, end, clientv3.PermissionType(clientv3.PermReadWrite)); err != nil {
		t.Fatal(err)
	}
	hold(t, h, instance("a"))
	if f.lease("a") != lease {
		t.Error("the lease was lost")
	}
}
