package etcd

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// roles runs policy/roles.sh, whose etcdctl is the test binary.
func roles(t *testing.T, endpoint string, args ...string) ([]byte, error) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("policy/roles.sh is not tested: there is no sh here")
	}
	ctl := helper(t, "etcdctl", endpoint)
	bin := t.TempDir()
	if err := os.Symlink(ctl.Path, filepath.Join(bin, "etcdctl")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), sh, append([]string{"policy/roles.sh"}, args...)...)
	cmd.Env = append(ctl.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return cmd.CombinedOutput()
}

func TestPolicyIsSufficientAndNecessary(t *testing.T) {
	t.Parallel()
	e := servers.Etcd(t, servers.Options{Etcd: servers.EtcdOptions{RootPassword: "secret"}})
	root := connect(t, e.Endpoint(), as("root"))
	if out, err := roles(t, e.Endpoint(), "kitgen", "svc"); err != nil {
		t.Fatalf("roles.sh: %v\n%s", err, out)
	}
	for user, role := range map[string]string{"server": "registrar-kitgen-svc", "caller": "consumer-kitgen-svc"} {
		if _, err := root.UserAdd(t.Context(), user, "secret"); err != nil {
			t.Fatal(err)
		}
		if _, err := root.UserGrantRole(t.Context(), user, role); err != nil {
			t.Fatal(err)
		}
	}
	by := func(user string) Config {
		return Config{TTL: minTTL, Connection: Connection{Endpoints: []string{e.Endpoint()}, User: user, Password: "secret"}}
	}

	// Sufficient: a life of an instance, a revoked lease included, seen by a
	// consumer.
	i := sd.NewInstancer(NewWatcher(nil, "svc", by("caller")), sd.InstancerConfig{})
	defer i.Stop()
	held, r := hold(t, NewHolder(nil, "svc", by("server")), instance("a"))
	known(t, i, "a")
	key := keyOf(prefixOf("kitgen", "svc"), "a")
	got, err := root.Get(t.Context(), key)
	if err != nil || len(got.Kvs) != 1 {
		t.Fatal(got, err)
	}
	if _, err := root.Revoke(t.Context(), clientv3.LeaseID(got.Kvs[0].Lease)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "registered again", func() bool { return held.get() > 1 })
	if err := r.stop(); err != nil {
		t.Errorf("leave: %v", err)
	}
	known(t, i)

	// Necessary: nothing beyond that.
	for what, err := range map[string]error{
		"a registrar writes a sibling":                 NewHolder(nil, "svc-admin", by("server")).Hold(t.Context(), instance("a"), func() {}),
		"a registrar writes another":                   NewHolder(nil, "other", by("server")).Hold(t.Context(), instance("a"), func() {}),
		"a registrar writes in another namespace":      NewHolder(nil, "svc", Config{Namespace: "x", Connection: by("server").Connection}).Hold(t.Context(), instance("a"), func() {}),
		"a registrar reads another":                    NewWatcher(nil, "other", by("server")).Watch(t.Context(), func([]sd.Instance) {}),
		"a consumer writes":                            NewHolder(nil, "svc", by("caller")).Hold(t.Context(), instance("a"), func() {}),
		"a consumer reads another":                     NewWatcher(nil, "other", by("caller")).Watch(t.Context(), func([]sd.Instance) {}),
		"a consumer reads a sibling":                   NewWatcher(nil, "svc-admin", by("caller")).Watch(t.Context(), func([]sd.Instance) {}),
		"a consumer reads all services of a namespace": NewWatcher(nil, "kitgen", Config{Layout: Naming, Namespace: "/", Connection: by("caller").Connection}).Watch(t.Context(), func([]sd.Instance) {}),
	} {
		if !refused(err) {
			t.Errorf("%s: %v, want a refusal", what, err)
		}
	}
}

func TestPolicyRefusesNamesThatAreEscaped(t *testing.T) {
	for _, args := range [][]string{nil, {"kitgen"}, {"kitgen", "a/b"}, {"", "svc"}, {"kitgen", "svc", "x"}} {
		if out, err := roles(t, "127.0.0.1:1", args...); err == nil || len(out) == 0 {
			t.Errorf("roles.sh %q = %v, %q; want it to fail and say why", args, err, out)
		}
	}
}
