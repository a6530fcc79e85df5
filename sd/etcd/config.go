package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-kit/log"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

const (
	minTTL = 6 * time.Second // room for two lost renewals and an election
	maxTTL = 24 * time.Hour
)

// Config adjusts how a service is kept in etcd. The zero value is good. A bad
// value is an error of Hold and Watch.
type Config struct {
	Namespace string             // first segment of every key; "kitgen" if empty, and none in Layout Naming
	Layout    Layout             // of keys and values; Kitgen if zero
	TTL       time.Duration      // of a lease, so how long a dead instance stays listed; 15 s if zero, at least 6 s
	Resync    time.Duration      // between complete comparisons of a watch with etcd, ±20 %; 5 min if zero
	Instancer sd.InstancerConfig // of NewInstancer
	Logger    log.Logger         // hears of missed changes, and is Instancer's if that has none; nop if nil

	// Connection is for Scheme, and for a Holder or Watcher that is made with a
	// nil client: each Hold and Watch makes a client of its own by it, with the
	// credentials of that moment, and closes it.
	Connection Connection
}

// registry is one service's place in etcd.
type registry struct {
	client  *clientv3.Client // nil until connect
	tls     *reloading       // of a client that connect made; nil if it has none
	service string
	cfg     Config
	prefix  string
}

func newRegistry(c *clientv3.Client, service string, cfg Config) registry {
	if cfg.Namespace == "" && cfg.Layout != Naming {
		cfg.Namespace = "kitgen"
	}
	if cfg.TTL == 0 {
		cfg.TTL = 15 * time.Second
	}
	if cfg.Resync == 0 {
		cfg.Resync = 5 * time.Minute
	}
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	return registry{client: c, service: service, cfg: cfg, prefix: cfg.Layout.prefix(cfg.Namespace, service)}
}

// connect returns r with a client, and what gives that back.
func (r registry) connect(ctx context.Context) (connected registry, done func(), err error) {
	if r.client != nil {
		return r, func() {}, nil
	}
	if r.client, r.tls, err = r.cfg.Connection.dial(ctx); err != nil {
		return r, nil, err
	}
	return r, func() { _ = r.client.Close() }, nil
}

// check says what is wrong with how the registry was made. Constructors cannot.
func (r *registry) check() error {
	switch {
	case r.client == nil && len(r.cfg.Connection.Endpoints) == 0:
		return errors.New("etcd client is nil: make one with clientv3.New(etcd.ClientConfig(endpoints...)), or set Config.Connection")
	case r.cfg.Layout > Naming:
		return fmt.Errorf("etcd Config.Layout %d is unknown: leave it zero for Kitgen, or set Naming", r.cfg.Layout)
	case strings.Trim(r.service, "/") == "" && r.service != "":
		return fmt.Errorf("service name %q is nothing but slashes: pass the name that clients look for, such as \"addsvc\"", r.service)
	case r.service == "":
		return errors.New("service name is empty: pass the name that clients look for, such as \"addsvc\"")
	case r.cfg.TTL < minTTL:
		return fmt.Errorf("etcd Config.TTL %v is below %v, which one slow election may take: raise it, or leave it zero for 15s", r.cfg.TTL, minTTL)
	case r.cfg.TTL > maxTTL:
		return fmt.Errorf("etcd Config.TTL %v is above %v, for which the dead would stay listed: lower it, or leave it zero for 15s", r.cfg.TTL, maxTTL)
	case r.cfg.Resync < 0:
		return fmt.Errorf("etcd Config.Resync %v is negative: leave it zero for 5m", r.cfg.Resync)
	}
	return nil
}

// wake makes the client's connections try again now. gRPC would wait up to two
// minutes after a long outage; the loops above have a backoff of their own.
func (r *registry) wake() {
	if conn := r.client.ActiveConnection(); conn != nil {
		conn.ResetConnectBackoff()
	}
}
