package etcd

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-kit/log"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

// minTTL leaves room for two lost renewals and an election.
const minTTL = 6 * time.Second

// Config adjusts how a service is kept in etcd. The zero value is good. A bad
// value is an error of Hold and Watch.
type Config struct {
	Namespace string             // first segment of every key; "kitgen" if empty
	TTL       time.Duration      // of a lease, so how long a dead instance stays listed; 15 s if zero, at least 6 s
	Resync    time.Duration      // between complete comparisons of a watch with etcd, ±20 %; 5 min if zero
	Instancer sd.InstancerConfig // of NewInstancer
	Logger    log.Logger         // hears of unreadable values and missed changes; nop if nil
}

// registry is one service's place in etcd.
type registry struct {
	client  *clientv3.Client
	service string
	cfg     Config
	prefix  string
}

func newRegistry(c *clientv3.Client, service string, cfg Config) registry {
	if cfg.Namespace == "" {
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
	return registry{client: c, service: service, cfg: cfg, prefix: prefixOf(cfg.Namespace, service)}
}

// check says what is wrong with how the registry was made. Constructors cannot.
func (r *registry) check() error {
	switch {
	case r.client == nil:
		return errors.New("etcd client is nil: make one with clientv3.New(etcd.ClientConfig(endpoints...))")
	case r.service == "":
		return errors.New("service name is empty: pass the name that clients look for, such as \"addsvc\"")
	case r.cfg.TTL < minTTL:
		return fmt.Errorf("etcd Config.TTL %v is below %v, which one slow election may take: raise it, or leave it zero for 15s", r.cfg.TTL, minTTL)
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
