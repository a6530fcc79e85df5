package consul

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-kit/log"
	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

const (
	minTTL             = 6 * time.Second  // leaves room for two lost beats
	minDeregisterAfter = time.Minute      // Consul's own
	maxWait            = 10 * time.Minute // Consul's own
)

// Config adjusts how a service is kept in Consul. The zero value is good. A bad
// value is an error of Hold and Watch.
type Config struct {
	TTL             time.Duration      // after which a silent instance is critical; 15 s if zero, at least 6 s
	DeregisterAfter time.Duration      // after which a critical one is removed; 10 min if zero, at least 1 min
	Tags            []string           // a Watcher's instances have all of these; any if empty
	Wait            time.Duration      // longest blocking query; 55 s if zero, at most 10 min
	Instancer       sd.InstancerConfig // of NewInstancer
	Logger          log.Logger         // of Instancer, if that has none; nop if nil
}

// registry is one service's place in Consul.
type registry struct {
	client  *api.Client
	service string
	cfg     Config
}

func newRegistry(c *api.Client, service string, cfg Config) registry {
	if cfg.TTL == 0 {
		cfg.TTL = 15 * time.Second
	}
	if cfg.DeregisterAfter == 0 {
		cfg.DeregisterAfter = 10 * time.Minute
	}
	if cfg.Wait == 0 {
		cfg.Wait = 55 * time.Second
	}
	return registry{client: c, service: service, cfg: cfg}
}

// fitsPath tells whether a service name fits into Consul's paths and DNS names.
func fitsPath(name string) bool {
	alnum := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
	if name == "" || len(name) > 128 || !alnum(name[0]) || !alnum(name[len(name)-1]) {
		return false
	}
	for _, c := range []byte(name) {
		if !alnum(c) && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// check says what is wrong with how the registry was made. Constructors cannot.
func (r *registry) check() error {
	switch {
	case r.client == nil:
		return errors.New("consul client is nil: make one with api.NewClient")
	case !fitsPath(r.service):
		return fmt.Errorf("service name %.128q does not fit into Consul's paths: use letters, digits, dots, underscores and dashes, such as \"addsvc\"", r.service)
	case r.cfg.TTL < minTTL:
		return fmt.Errorf("consul Config.TTL %v is below %v: raise it, or leave it zero for 15s", r.cfg.TTL, minTTL)
	case r.cfg.DeregisterAfter < minDeregisterAfter:
		return fmt.Errorf("consul Config.DeregisterAfter %v is below Consul's minimum of %v: raise it, or leave it zero for 10m", r.cfg.DeregisterAfter, minDeregisterAfter)
	case r.cfg.Wait < time.Second || r.cfg.Wait > maxWait:
		return fmt.Errorf("consul Config.Wait %v is not within 1s to %v: leave it zero for 55s", r.cfg.Wait, maxWait)
	}
	return nil
}
