package stub

import (
	"encoding/json"
	"errors"
	"time"

	kitlb "github.com/go-kit/kit/sd/lb"
	"google.golang.org/grpc/serviceconfig"

	"github.com/kitgen/kitgen/lb"
)

// policy is a balancer and its settings, as a service config has them.
type policy struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	kind    kind
	choices int
	ring    lb.RingConfig
	probing lb.ProbingConfig
	pool    lb.PoolConfig  // what settings say of it
	zone    *lb.ZoneConfig // nil: zones do not matter
	reports *reporting     // nil: load reports do not
	text    string         // what it was read from, as two that are the same are
}

// parsePolicy reads the settings of a balancer; text may be empty.
func parsePolicy(k kind, text []byte) (*policy, error) {
	o := newObject("", text)
	p := &policy{kind: k, text: string(text)}
	for _, key := range k.settings {
		switch key {
		case choices:
			p.choices = o.count(key)
		case "points":
			p.ring.Points = o.count(key)
		case "bound":
			p.ring.Bound = o.number(key, 1, 1e6)
		case "hot":
			p.probing.Hot = o.number(key, 0, 1)
		case "timeout":
			p.probing.Timeout = o.duration(key)
		case "maxAge":
			p.probing.MaxAge = o.duration(key)
		}
	}
	if !o.off("outlierDetection") {
		p.pool.Outliers = outliers(o.object("outlierDetection"))
	}
	p.pool.SlowStart = slowStart(o.object("slowStart"))
	p.pool.PanicBelow = o.number("panicBelow", 0, 1)
	if o.has("zone") {
		p.zone = zone(o.object("zone"))
	}
	if o.has("loadReports") {
		p.reports = loadReports(o.object("loadReports"))
	}
	if err := errors.Join(o.end(), p.check()); err != nil {
		return nil, err
	}
	return p, nil
}

func outliers(o *object) *lb.OutlierConfig {
	return &lb.OutlierConfig{
		Consecutive:   orOff(o, "consecutive", o.count),
		Margin:        orOff(o, "margin", func(key string) float64 { return o.number(key, 0, 1) }),
		LatencyFactor: orOff(o, "latencyFactor", func(key string) float64 { return o.number(key, 1, 1e6) }),
		Window:        o.duration("window"),
		BaseTime:      o.duration("baseTime"),
		MaxTime:       o.duration("maxTime"),
		MaxEjected:    o.number("maxEjected", 0, 1),
	}
}

// orOff reads a setting that may be false, which is a negative one in lb.
func orOff[T int | float64](o *object, key string, read func(key string) T) T {
	if o.off(key) {
		return -1
	}
	return read(key)
}

func slowStart(o *object) lb.SlowStartConfig {
	return lb.SlowStartConfig{Window: o.duration("window"), Floor: o.number("floor", 0, 1), Aggression: o.number("aggression", 0, 1e6)}
}

func zone(o *object) *lb.ZoneConfig {
	return &lb.ZoneConfig{
		Zone:     o.text("zone"),
		Callers:  o.number("callers", 0, 1),
		Headroom: o.number("headroom", 1, 1e6),
		Slower:   o.number("slower", 1, 1e6),
		Explore:  orOff(o, "explore", func(key string) float64 { return o.number(key, 0, 1) }),
	}
}

func loadReports(o *object) *reporting {
	r := &reporting{penalty: 1, blackout: 10 * time.Second, expiration: 3 * time.Minute, period: time.Second}
	if o.has("errorPenalty") {
		r.penalty = o.number("errorPenalty", 0, 1e6)
	}
	for key, d := range map[string]*time.Duration{"blackout": &r.blackout, "expiration": &r.expiration, "period": &r.period} {
		if o.has(key) {
			*d = o.duration(key)
		}
	}
	r.period = max(r.period, 100*time.Millisecond) // as A58 has it
	return r
}

// check makes the balancer over nobody: lb knows best what it wants.
func (p *policy) check() error {
	nobody := lb.NewPool(nil, nil, lb.PoolConfig{})
	_, err := p.balancer(nobody)
	return errors.Join(err, nobody.Close())
}

// balancer makes the balancer over a pool.
func (p *policy) balancer(pool *lb.Pool) (kitlb.Balancer, error) {
	if p.zone != nil {
		return lb.NewZoneAware(pool, *p.zone, p.inner)
	}
	return p.inner(pool), nil
}

// inner implements lb.Policy.
func (p *policy) inner(set lb.Set) kitlb.Balancer {
	switch p.kind.name {
	case "adaptive":
		return lb.NewAdaptive(set, lb.AdaptiveConfig{Choices: p.choices})
	case "least_request":
		return lb.NewLeastRequest(set, lb.LeastRequestConfig{Choices: p.choices})
	case "peak_ewma":
		return lb.NewPeakEWMA(set, lb.PeakEWMAConfig{Choices: p.choices})
	case "ring":
		return lb.NewRing(set, p.ring)
	case "probing":
		return lb.NewProbing(set, p.probing)
	}
	named, err := lb.ParsePolicy(p.kind.name)
	if err != nil { // kinds has none that lb does not know
		return lb.NewAdaptive(set, lb.AdaptiveConfig{})
	}
	return named(set)
}

// equal says whether a balancer by p is one by q. A nil one has no settings.
func (p *policy) equal(q *policy) bool {
	return p == q || p != nil && q != nil && p.text == q.text && p.kind.name == q.kind.name
}

// plain is the policy of a kind without settings: for service configs that are
// not parsed, such as {"loadBalancingPolicy": "kit_adaptive"}.
func plain(k kind) *policy {
	return &policy{kind: k, pool: lb.PoolConfig{Outliers: &lb.OutlierConfig{}}}
}

var _ json.Marshaler = (*policy)(nil)

// MarshalJSON implements json.Marshaler, for gRPC's logs.
func (p *policy) MarshalJSON() ([]byte, error) {
	if p.text == "" {
		return []byte("{}"), nil
	}
	return []byte(p.text), nil
}
