package consul

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

const management = "11111111-2222-3333-4444-555555555555"

// guarded is a Consul that denies by default, and the means to allow.
type guarded struct {
	*testing.T

	server *servers.Server
	root   *api.Client
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	server := servers.Consul(t, servers.Options{Consul: servers.ConsulOptions{ManagementToken: management}})
	g := &guarded{T: t, server: server}
	g.root = g.client(management)
	return g
}

// client is one with a token of its own.
func (g *guarded) client(token string) *api.Client {
	g.Helper()
	c, err := api.NewClient(&api.Config{Address: g.server.Endpoint(), Token: token, HttpClient: connectHTTP(g)})
	if err != nil {
		g.Fatal(err)
	}
	return c
}

// token makes one that has just this policy.
func (g *guarded) token(rules string) *api.ACLToken {
	g.Helper()
	name := "policy-" + strconv.FormatUint(rand.Uint64(), 36)
	var token *api.ACLToken
	eventually(g, "a token is made", func() bool {
		policy, _, err := g.root.ACL().PolicyCreate(&api.ACLPolicy{Name: name, Rules: rules}, nil)
		if err == nil {
			token, _, err = g.root.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLLink{{ID: policy.ID}}}, nil)
		}
		if err != nil {
			g.Logf("make a token: %v", err)
		}
		return err == nil
	})
	return token
}

// rules reads a policy file of this folder.
func rules(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("policy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// without is text less the first rule that begins so.
func without(t *testing.T, text, begin string) string {
	t.Helper()
	i := strings.Index(text, begin)
	if i < 0 {
		t.Fatalf("no rule begins with %q", begin)
	}
	return text[:i] + text[i+strings.Index(text[i:], "}\n")+2:]
}

// served registers with one token and watches with another, for a moment.
func (g *guarded) served(id, registrar, consumer string) error {
	g.Helper()
	ctx, cancel := context.WithCancel(g.Context())
	defer cancel()
	h := NewHolder(g.client(registrar), "addsvc", Config{TTL: minTTL})
	held := make(chan struct{})
	holding := run(g, func(ctx context.Context) error { return h.Hold(ctx, instance(id), func() { close(held) }) })
	select {
	case <-held:
	case <-holding.done:
		return holding.err
	}
	seen := make(chan []sd.Instance, 100)
	watching := run(g, func(context.Context) error {
		return NewWatcher(g.client(consumer), "addsvc", Config{}).Watch(ctx, func(set []sd.Instance) { seen <- set })
	})
	var err error
	select {
	case set := <-seen:
		if !slices.Contains(idsOf(set), id) {
			err = errors.New("the consumer sees nobody")
		}
	case <-watching.done:
		err = watching.err
	}
	cancel()
	_ = watching.wait()
	return errors.Join(err, holding.stop())
}

func TestPoliciesAreSufficientAndNecessary(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	registrar, consumer := rules(t, "registrar.hcl"), rules(t, "consumer.hcl")
	writes, reads := g.token(registrar).SecretID, g.token(consumer).SecretID
	if err := g.served("all", writes, reads); err != nil {
		t.Errorf("with both policies: %v", err)
	}
	for _, tt := range []struct{ name, registrar, consumer string }{
		{"registering without service", without(t, registrar, "service"), consumer},
		{"registering without node_prefix", without(t, registrar, "node_prefix"), consumer},
		{"registering with read", strings.Replace(registrar, `"write"`, `"read"`, 1), consumer},
		{"registering as another", strings.Replace(registrar, `service "addsvc"`, `service "addsvc2"`, 1), consumer},
		{"consuming without service_prefix", registrar, without(t, consumer, "service_prefix")},
		{"consuming without node_prefix", registrar, without(t, consumer, "node_prefix")},
		{"consuming another", registrar, strings.Replace(consumer, `service_prefix ""`, `service_prefix "other"`, 1)},
	} {
		w, r := writes, reads
		if tt.registrar != registrar {
			w = g.token(tt.registrar).SecretID
		}
		if tt.consumer != consumer {
			r = g.token(tt.consumer).SecretID
		}
		err := g.served(strings.ReplaceAll(tt.name, " ", "-"), w, r)
		if err == nil {
			t.Errorf("%s works: the policy allows more than is needed", tt.name)
		}
		t.Logf("%s: %v", tt.name, err)
	}
}

func TestDeletedTokenEmptiesNothing(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	hold(t, NewHolder(g.root, "addsvc", Config{TTL: minTTL}), instance("a"))
	token := g.token(rules(t, "consumer.hcl"))
	i := NewInstancer(g.client(token.SecretID), "addsvc", Config{})
	defer i.Stop()
	known(t, i, "a")
	if _, err := g.root.ACL().TokenDelete(token.AccessorID, nil); err != nil {
		t.Fatal(err)
	}
	polls := 0
	eventually(t, "the loss of the token is an error", func() bool {
		if polls++; polls%100 == 1 { // something has to happen that the query is woken by, once it is there
			b := &api.AgentServiceRegistration{ID: "b", Name: "addsvc", Address: "10.0.0.9", Port: 80, Tags: []string{strconv.Itoa(polls)}}
			if err := g.root.Agent().ServiceRegister(b); err != nil {
				t.Error(err)
			}
		}
		s, _ := i.Snapshot()
		return s.Err != nil
	})
	if s, _ := i.Snapshot(); len(s.Instances) == 0 {
		t.Errorf("the set is empty: %+v", s)
	}
}

func TestNoTokenIsNoEmptyService(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	hold(t, NewHolder(g.root, "addsvc", Config{TTL: minTTL}), instance("a"))
	for token, blind := range map[string]bool{"": true, "99999999-2222-3333-4444-555555555555": false} {
		seen, r := watch(t, NewWatcher(g.client(token), "addsvc", Config{}))
		err := r.wait()
		if errors.Is(err, ErrBlind) != blind || !strings.Contains(err.Error(), "polic") {
			t.Errorf("with token %q, Watch = %v, want ErrBlind: %v, and the mend", token, err, blind)
		}
		if told, ok := seen.last(); ok {
			t.Errorf("with token %q it told %v", token, told)
		}
	}
}

// A token file is replaced, the old token deleted, and both a registration and
// a watch go on.
func TestTokensRotate(t *testing.T) {
	t.Parallel()
	for name, beforeBeat := range map[string]bool{"and it leaves later": false, "and it leaves before the next beat": true} {
		t.Run(name, func(t *testing.T) { t.Parallel(); rotate(t, beforeBeat) })
	}
}

func rotate(t *testing.T, beforeBeat bool) {
	g := newGuarded(t)
	file := filepath.Join(t.TempDir(), "token")
	write := func(token *api.ACLToken) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(token.SecretID+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	all := rules(t, "registrar.hcl") + rules(t, "consumer.hcl")
	old := g.token(all)
	write(old)
	target := "consul://" + g.server.Endpoint() + "/addsvc?ttl=6s&token-file=" + file
	h, err := sd.OpenHolder(target, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	r := sd.NewRegistrar(h, instance("a"), sd.RegistrarConfig{})
	r.Register()
	defer r.Deregister()
	<-r.Registered()
	i, err := sd.Open(target, sd.InstancerConfig{}, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	known(t, i, "a")

	write(g.token(all))
	if _, err := g.root.ACL().TokenDelete(old.AccessorID, nil); err != nil {
		t.Fatal(err)
	}
	if !beforeBeat {
		// What the agent tells the servers under the old token is not heard:
		// a critical check is seen only once the agent was told the new one.
		eventually(t, "the check is in the servers' ears", func() bool {
			_ = g.root.Agent().UpdateTTL("service:a", "by hand", api.HealthCritical)
			s, _ := i.Snapshot()
			return len(s.Instances) == 1 && s.Instances[0].State == sd.Critical
		})
	}
	hold(t, NewHolder(g.root, "addsvc", Config{TTL: minTTL}), instance("b"))
	eventually(t, "both are known, and well", func() bool {
		s, _ := i.Snapshot()
		state, _ := r.State()
		return s.Err == nil && len(s.Instances) == 2 && s.Instances[0].State == sd.Up && s.Instances[1].State == sd.Up && state == sd.Registered
	})
	r.Deregister()
	known(t, i, "b")
}
