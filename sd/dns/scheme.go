package dns

import (
	"fmt"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// Scheme is the scheme of targets that name a service in the DNS. Hosts are the
// servers to ask, the system's if there are none; the path is the name.
//
//	dns:///_grpc._tcp.addsvc.internal.
//	dns:///addsvc.internal.:8080
//	dns://10.0.0.2:53,10.0.0.3:53/addsvc.service.consul?type=srv
//
// Parameters win over cfg: type=srv (Config.SRV), family, tcp, timeout,
// min-refresh, max-refresh. Nobody can register there.
func Scheme(cfg Config) sd.Scheme {
	return sd.Scheme{Name: "dns", Watcher: func(t sd.Target) (sd.Watcher, error) {
		w, err := open(t, cfg)
		if err != nil {
			return nil, err
		}
		return w, nil
	}}
}

func open(t sd.Target, cfg Config) (*Watcher, error) {
	if err := t.Only("type", "family", "tcp", "timeout", "min-refresh", "max-refresh"); err != nil {
		return nil, err
	}
	switch {
	case len(t.Path) != 1:
		return nil, fmt.Errorf("%w: the path of %s should be one name: write dns:///addsvc.internal:8080, or dns:///_grpc._tcp.addsvc.internal for SRV records", sd.ErrTarget, t)
	case t.User != "":
		return nil, fmt.Errorf("%w: %s has a user: take it away, for a name server knows none", sd.ErrTarget, t)
	}
	if len(t.Hosts) > 0 {
		cfg.Servers = t.Hosts
	}
	cfg, err := configure(t, cfg)
	if err != nil {
		return nil, err
	}
	if _, _, err := cfg.settle(t.Path[0]); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", sd.ErrTarget, t, err)
	}
	return NewWatcher(t.Path[0], cfg), nil
}

func configure(t sd.Target, cfg Config) (_ Config, err error) {
	if t.Params.Has("type") {
		if kind := t.Params.Get("type"); kind != "srv" {
			return cfg, fmt.Errorf("%w: parameter type is %q: write srv, or take it away for addresses", sd.ErrTarget, clip(kind))
		}
		cfg.SRV = true
	}
	if t.Params.Has("family") {
		if cfg.Family = t.Params.Get("family"); cfg.Family == "" {
			return cfg, fmt.Errorf("%w: parameter family is empty: write ipv4 or ipv6, or take it away", sd.ErrTarget)
		}
	}
	if cfg.TCP, err = t.Bool("tcp", cfg.TCP); err != nil {
		return cfg, err
	}
	for key, d := range map[string]*time.Duration{"timeout": &cfg.Timeout, "min-refresh": &cfg.MinRefresh, "max-refresh": &cfg.MaxRefresh} {
		if *d, err = t.Duration(key, *d); err != nil {
			return cfg, err
		}
		if t.Params.Has(key) && *d == 0 {
			return cfg, fmt.Errorf("%w: parameter %s is 0: take it away for the default", sd.ErrTarget, key)
		}
	}
	return cfg, nil
}
