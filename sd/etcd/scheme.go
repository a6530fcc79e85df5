package etcd

import (
	"cmp"
	"fmt"

	"github.com/kitgen/kitgen/sd"
)

// Scheme is etcd for targets:
//
//	etcd://[user:password@]host:port[,host:port...]/[namespace/]service[?key=value...]
//
// What the target says wins over cfg, whose Connection has the hosts of a
// target without any (etcd:///addsvc). Its parameters:
//
//	ttl=15s             Config.TTL
//	resync=5m           Config.Resync
//	layout=naming       Config.Layout: kitgen or naming
//	tls=true            Connection.TLS; any of the following four says so too
//	ca=FILE             Connection.CA
//	cert=FILE&key=FILE  Connection.Cert and Key
//	server-name=NAME    Connection.ServerName
//	user=NAME           Connection.User, unless it stands before the hosts
//	password-file=FILE  Connection.PasswordFile
//
// In layout naming, a prefix of several segments is written with %2F, as in
// etcd://localhost:2379/%2Fservices%2Faddsvc?layout=naming.
//
// Every Watch and Hold makes a client and closes it, so that each attempt has
// the files and the password of its moment. A target that names a user, or a
// file, replaces the one in cfg together with what belongs to it.
func Scheme(cfg Config) sd.Scheme {
	return sd.Scheme{
		Name: "etcd",
		Watcher: func(t sd.Target) (sd.Watcher, error) {
			service, cfg, err := configure(cfg, t)
			if err != nil {
				return nil, err
			}
			w := NewWatcher(nil, service, cfg)
			return w, w.check()
		},
		Holder: func(t sd.Target) (sd.Holder, error) {
			service, cfg, err := configure(cfg, t)
			if err != nil {
				return nil, err
			}
			h := NewHolder(nil, service, cfg)
			return h, h.check()
		},
	}
}

// configure reads t over cfg.
func configure(cfg Config, t sd.Target) (service string, _ Config, err error) {
	if err := t.Only("ttl", "resync", "layout", "tls", "ca", "cert", "key", "server-name", "user", "password-file"); err != nil {
		return "", cfg, err
	}
	namespace, service, err := t.Service()
	if err != nil {
		return "", cfg, err
	}
	if namespace != "" {
		cfg.Namespace = namespace
	}
	if cfg.TTL, err = t.Duration("ttl", cfg.TTL); err != nil {
		return "", cfg, err
	}
	if cfg.Resync, err = t.Duration("resync", cfg.Resync); err != nil {
		return "", cfg, err
	}
	switch text := t.Params.Get("layout"); text {
	case "":
		if t.Params.Has("layout") {
			return "", cfg, fmt.Errorf("%w: parameter layout is empty: write kitgen or naming", sd.ErrTarget)
		}
	case Kitgen.String():
		cfg.Layout = Kitgen
	case Naming.String():
		cfg.Layout = Naming
	default:
		return "", cfg, fmt.Errorf("%w: parameter layout is %.40q: write kitgen or naming", sd.ErrTarget, text)
	}
	cfg.Connection, err = connectionOf(cfg.Connection, t)
	return service, cfg, err
}

// connectionOf reads t over c.
func connectionOf(c Connection, t sd.Target) (Connection, error) {
	if len(t.Hosts) > 0 {
		c.Endpoints = t.Hosts
	}
	if err := notEmpty(t, "ca", "cert", "key", "server-name", "user", "password-file"); err != nil {
		return c, err
	}
	if t.User != "" && t.Params.Has("user") {
		return c, fmt.Errorf("%w: there is a user before the hosts and a parameter user: keep one", sd.ErrTarget)
	}
	c.CA = cmp.Or(t.Params.Get("ca"), c.CA)
	c.ServerName = cmp.Or(t.Params.Get("server-name"), c.ServerName)
	if t.Params.Has("cert") || t.Params.Has("key") {
		c.Cert, c.Key = t.Params.Get("cert"), t.Params.Get("key")
	}
	if user := t.User + t.Params.Get("user"); user != "" || t.Params.Has("password-file") {
		c.User = cmp.Or(user, c.User)
		c.Password, c.PasswordFile = t.Password, t.Params.Get("password-file")
	}
	var err error
	if c.TLS, err = t.Bool("tls", c.TLS); err != nil {
		return c, err
	}
	if t.Params.Has("tls") && !c.TLS && c.secure() {
		return c, fmt.Errorf("%w: parameter tls is false, and there is a CA, a certificate or a server name: take one or the other away", sd.ErrTarget)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%w: %w", sd.ErrTarget, err)
	}
	return c, nil
}

func notEmpty(t sd.Target, keys ...string) error {
	for _, key := range keys {
		if t.Params.Has(key) && t.Params.Get(key) == "" {
			return fmt.Errorf("%w: parameter %s is empty: write %s=VALUE, or leave it out", sd.ErrTarget, key, key)
		}
	}
	return nil
}
