package etcd

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

var badTargets = []struct{ target, says string }{
	{"etcd://h:1", "names no service"},
	{"etcd://h:1/a/b/c", "segments"},
	{"etcd:///svc", "host:port"},
	{"etcd://h/svc", "host:port"},
	{"etcd://h:1/svc?tll=5s", "takes no parameter"},
	{"etcd://h:1/svc?ttl=5s&ttl=6s", "keep one"},
	{"etcd://h:1/svc?ttl=fast", "write a duration"},
	{"etcd://h:1/svc?ttl=1s", "15s"},
	{"etcd://h:1/svc?ttl=999h", "15s"},
	{"etcd://h:1/svc?resync=-1s", "write a duration"},
	{"etcd://h:1/svc?cert=c.pem", "without its key"},
	{"etcd://h:1/svc?key=k.pem", "without its certificate"},
	{"etcd://h:1/svc?tls=yes", "true or false"},
	{"etcd://h:1/svc?tls=false&ca=ca.pem", "tls is false"},
	{"etcd://h:1/svc?ca=", "is empty"},
	{"etcd://h:1/svc?layout=", "kitgen or naming"},
	{"etcd://h:1/svc?layout=consul", "kitgen or naming"},
	{"etcd://u:p@h:1/svc?user=v", "keep one"},
	{"etcd://u@h:1/svc", "password"},
	{"etcd://h:1/svc?user=v", "password"},
	{"etcd://h:1/svc?password-file=f", "nobody whose it is"},
	{"etcd://u:topsecret@h:1/svc?password-file=f", "keep one"},
	{"etcd://h:1/%2F?layout=naming", "nothing but slashes"},
}

func TestBadTargetIsAnErrorThatNamesTheMend(t *testing.T) {
	for _, tt := range badTargets {
		i, err := sd.Open(tt.target, sd.InstancerConfig{}, Scheme(Config{}))
		if i != nil {
			i.Stop()
		}
		_, herr := sd.OpenHolder(tt.target, Scheme(Config{}))
		for _, err := range []error{err, herr} {
			if !errors.Is(err, sd.ErrTarget) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("%s: %v, want an sd.ErrTarget that says %q", tt.target, err, tt.says)
			}
		}
	}
}

func TestTargetWinsOverConfig(t *testing.T) {
	defaults := Config{
		Namespace: "prod", TTL: time.Minute, Resync: time.Hour,
		Connection: Connection{Endpoints: []string{"d:1"}, User: "d", PasswordFile: "d.pw", Cert: "d.crt", Key: "d.key", CA: "d.ca", ServerName: "d"},
	}
	for _, tt := range []struct {
		target  string
		service string
		want    func(*Config)
	}{
		{"etcd:///svc", "svc", func(*Config) {}},
		{"etcd://h:1,g:2/test/svc?ttl=30s&resync=10m&layout=naming", "svc", func(c *Config) {
			c.Namespace, c.TTL, c.Resync, c.Layout = "test", 30*time.Second, 10*time.Minute, Naming
			c.Connection.Endpoints = []string{"h:1", "g:2"}
		}},
		{"etcd://me:p%2Fw@h:1/svc", "svc", func(c *Config) {
			c.Connection.Endpoints = []string{"h:1"}
			c.Connection.User, c.Connection.Password, c.Connection.PasswordFile = "me", "p/w", ""
		}},
		{"etcd:///svc?user=me&password-file=pw", "svc", func(c *Config) {
			c.Connection.User, c.Connection.PasswordFile = "me", "pw"
		}},
		{"etcd:///svc?password-file=pw&ca=x&cert=y&key=z&server-name=n&tls=true", "svc", func(c *Config) {
			c.Connection.PasswordFile = "pw"
			c.Connection.CA, c.Connection.Cert, c.Connection.Key, c.Connection.ServerName, c.Connection.TLS = "x", "y", "z", "n", true
		}},
		{"etcd:///%2Fservices%2Fsvc?layout=kitgen", "/services/svc", func(*Config) {}},
	} {
		target, err := sd.ParseTarget(tt.target)
		if err != nil {
			t.Fatal(err)
		}
		want := defaults
		tt.want(&want)
		service, got, err := configure(defaults, target)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Transformer("fields", func(c Connection) []string {
			return append([]string{c.User, c.Password, c.PasswordFile, c.CA, c.Cert, c.Key, c.ServerName}, c.Endpoints...)
		})); err != nil || service != tt.service || diff != "" {
			t.Errorf("%s: service %q, %v (-want +got):\n%s", tt.target, service, err, diff)
		}
	}
}

// Several members may be named, and one of them may be nobody.
func TestOpenByTarget(t *testing.T) {
	f := newFixture(t)
	target := "etcd://127.0.0.1:1," + f.etcd.Endpoint() + "/prod/addsvc?ttl=6s&max-backoff=1s"
	i, err := sd.Open(target, sd.InstancerConfig{}, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	h, err := sd.OpenHolder(strings.TrimSuffix(target, "&max-backoff=1s"), Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	r := sd.NewRegistrar(h, instance("a"), sd.RegistrarConfig{})
	r.Register()
	known(t, i, "a")
	r.Deregister()
	known(t, i)
}

// A registry that is down delays nobody, and is found once it is there.
func TestOpenBeforeTheRegistryIsThere(t *testing.T) {
	e := servers.Etcd(t, servers.Options{Etcd: servers.EtcdOptions{RootPassword: "secret"}})
	e.Stop()
	pw := file(t, "pw", "secret\n")
	target := "etcd://" + e.Endpoint() + "/addsvc?user=root&password-file=" + pw
	i, err := sd.Open(target, sd.InstancerConfig{MaxBackoff: 500 * time.Millisecond}, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	h, err := sd.OpenHolder(target, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	r := sd.NewRegistrar(h, instance("a"), sd.RegistrarConfig{})
	r.Register()
	defer r.Deregister()
	eventually(t, "both say what is wrong", func() bool {
		s, _ := i.Snapshot()
		_, err := r.State()
		return s.Err != nil && err != nil
	})
	e.Start()
	known(t, i, "a")
}
