package consul

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/sd"
)

// Scheme opens targets such as
//
//	consul://127.0.0.1:8500/addsvc?tag=blue&wait=30s
//	consul://user:password@agent:8501/prod/addsvc?scheme=https&ca=/etc/ca.pem&token-file=/run/token
//
// with cfg for what they do not say. The host is one agent; the path is the
// service, after its Enterprise namespace where it has one; user and password
// are those of a proxy before the agent. The parameters, each at most once:
//
//	tag=blue                  one of Config.Tags, instead of them
//	filter, near, limit=5     Config.Filter, Near and Limit
//	healthy=true              Config.Healthy
//	wait=55s, timeout=70s     Config.Wait and Timeout
//	allow-stale, require-consistent, use-cache=true
//	                          Config.AllowStale, RequireConsistent and UseCache
//	dc, ns, partition         Config.Datacenter, Namespace and Partition
//	token, token-file         Config.Token and TokenFile; the file keeps it out of the target
//	ttl=15s, deregister-after=10m
//	                          Config.TTL and DeregisterAfter, of a Holder
//	scheme=https              or http; https if any of the following is there
//	ca, cert, key, server-name
//	                          files and name of Config.TLS
//	insecure=true             TLS.InsecureSkipVerify; says nothing about plain HTTP
//
// That is the grammar of mbobakov/grpc-consul-resolver and more. Other than
// there, a query may always be abandoned, near is not "_agent" by itself, so
// that clients of one node do not pick the same few by limit, and unknown,
// repeated, empty, negative or contradictory parameters are errors.
func Scheme(cfg Config) sd.Scheme {
	return sd.Scheme{
		Name: "consul",
		Watcher: func(t sd.Target) (sd.Watcher, error) {
			r, err := cfg.open(t)
			if err != nil {
				return nil, err
			}
			return &Watcher{r}, nil
		},
		Holder: func(t sd.Target) (sd.Holder, error) {
			r, err := cfg.open(t)
			if err != nil {
				return nil, err
			}
			return &Holder{r}, nil
		},
	}
}

func (c Config) open(t sd.Target) (registry, error) {
	none := registry{}
	if err := t.Only(append(tlsParams(), "tag", "filter", "near", "limit", "healthy", "wait", "timeout",
		"allow-stale", "require-consistent", "use-cache", "dc", "ns", "partition", "token", "token-file",
		"ttl", "deregister-after", "scheme", "insecure")...); err != nil {
		return none, err
	}
	namespace, service, err := t.Service()
	if err != nil {
		return none, err
	}
	if len(t.Hosts) != 1 {
		return none, fmt.Errorf("%v names %d hosts: name one agent, this machine's own, as in consul://127.0.0.1:8500/%.128s", t, len(t.Hosts), service)
	}
	if c, err = c.with(t, namespace); err != nil {
		return none, err
	}
	r := newRegistry(nil, service, c)
	r.remote = &remote{addr: t.Hosts[0], user: t.User, password: t.Password}
	return r, r.check()
}

// with is c where the target's parameters win.
func (c Config) with(t sd.Target, namespace string) (Config, error) {
	p := params{Target: t}
	if tag := p.text("tag", ""); tag != "" {
		c.Tags = []string{tag}
	}
	c.Filter = p.text("filter", c.Filter)
	c.Near = p.text("near", c.Near)
	c.Limit = p.count("limit", c.Limit)
	c.Healthy = p.flag("healthy", c.Healthy)
	c.setTimes(&p)
	c.setModes(&p)
	c.Datacenter = p.text("dc", c.Datacenter)
	c.Partition = p.text("partition", c.Partition)
	if namespace != "" && p.has("ns") {
		p.fail(errors.New("the path and the parameter ns both name a namespace: keep one"))
	}
	if namespace != "" {
		c.Namespace = namespace
	}
	c.Namespace = p.text("ns", c.Namespace)
	if p.has("token") || p.has("token-file") {
		c.Token, c.TokenFile = p.text("token", ""), p.text("token-file", "")
	}
	c.TLS = p.tls(c.TLS)
	return c, p.err
}

func (c *Config) setTimes(p *params) {
	c.TTL = p.duration("ttl", c.TTL)
	c.DeregisterAfter = p.duration("deregister-after", c.DeregisterAfter)
	if p.has("wait") != p.has("timeout") { // the other one follows
		c.Wait, c.Timeout = p.duration("wait", 0), p.duration("timeout", 0)
		return
	}
	c.Wait, c.Timeout = p.duration("wait", c.Wait), p.duration("timeout", c.Timeout)
}

func (c *Config) setModes(p *params) {
	if p.flag("allow-stale", false) && !p.has("require-consistent") || p.flag("use-cache", false) && !p.has("require-consistent") {
		c.RequireConsistent = false
	}
	if p.flag("require-consistent", false) {
		c.AllowStale, c.UseCache = false, false
	}
	c.AllowStale = p.flag("allow-stale", c.AllowStale)
	c.UseCache = p.flag("use-cache", c.UseCache)
	c.RequireConsistent = p.flag("require-consistent", c.RequireConsistent)
}

// tlsParams are those that make sense with HTTPS alone.
func tlsParams() []string { return []string{"ca", "cert", "key", "server-name"} }

// tls is how to use HTTPS; nil for plain HTTP.
func (p *params) tls(otherwise *TLS) *TLS {
	secure := otherwise != nil
	var given []string
	for _, key := range tlsParams() {
		if p.has(key) {
			given = append(given, key)
			secure = true
		}
	}
	switch scheme := p.text("scheme", ""); scheme {
	case "":
	case "https":
		secure = true
	case "http":
		if len(given) > 0 {
			p.fail(fmt.Errorf("scheme=http has no use for %s: write scheme=https, or take %[1]s away", strings.Join(given, ", ")))
		}
		secure = false
	default:
		p.fail(fmt.Errorf("parameter scheme is %.128q: write http or https", scheme))
	}
	insecure := p.flag("insecure", otherwise != nil && otherwise.InsecureSkipVerify)
	if !secure {
		return nil
	}
	t := TLS{}
	if otherwise != nil {
		t = *otherwise
	}
	t.CA, t.ServerName = p.text("ca", t.CA), p.text("server-name", t.ServerName)
	t.Cert, t.Key = p.text("cert", t.Cert), p.text("key", t.Key)
	t.InsecureSkipVerify = insecure
	return &t
}
