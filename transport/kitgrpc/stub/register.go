package stub

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/kitgen/kitgen/lb"
)

// prefix sets our balancers apart from gRPC's own, of which some have the same
// names.
const prefix = "kit_"

// Register makes gRPC know the balancers of package lb. gRPC has one list of them
// for the whole process, without a lock, so it must be called before the first
// connection is made: first thing in main, or in TestMain. Again, it does nothing
// else.
//
// Their names, for a service config, are those of lb.ParsePolicy behind "kit_",
// such as kit_adaptive, and kit_probing. Their settings, each of which may be left
// out, are these; a time is written as "10s":
//
//	{"loadBalancingConfig": [{"kit_adaptive": {
//	  "choices":          8,    // kit_adaptive, kit_least_request and kit_peak_ewma: how many to compare
//	  "points":           1024, // kit_ring: lb.RingConfig
//	  "bound":            1.25,
//	  "hot":              0.84, // kit_probing: lb.ProbingConfig
//	  "timeout":          "100ms",
//	  "maxAge":           "1s",
//	  "outlierDetection": {"consecutive": 5, "margin": 0.1, "latencyFactor": 3, "window": "10s",
//	                       "baseTime": "10s", "maxTime": "300s", "maxEjected": 0.5},
//	  "slowStart":        {"window": "30s", "floor": 0.1, "aggression": 1},
//	  "panicBelow":       0.5,
//	  "zone":             {"zone": "eu-1a", "callers": 0.3, "headroom": 1.4, "slower": 2, "explore": 0.02},
//	  "loadReports":      {"errorPenalty": 1, "blackout": "10s", "expiration": "180s", "period": "1s"}
//	}}]}
//
// They are those of lb.OutlierConfig, which is in force unless outlierDetection
// is false, of lb.SlowStartConfig, lb.PoolConfig and lb.ZoneConfig; consecutive,
// margin, latencyFactor and explore may be false, too. With loadReports,
// instances are weighed by what they report of themselves: the weight that the
// registry gives is multiplied by
//
//	rps / (utilization + errorPenalty · eps/rps)
//
// in proportion to the mean of all, as in gRPC's weighted_round_robin (proposal
// A58): an ORCA report with each answer, in the trailer endpoint-load-metrics-bin.
// Whoever has not reported for expiration, or for less than blackout, is average.
// Settings that are unknown or out of bounds are errors.
//
// The balancers work with any resolver. An endpoint with several addresses is one
// instance, which is tried at them in their order.
func Register() {
	for _, b := range builders() {
		balancer.Register(b)
	}
}

// kinds are the balancers that there are, as lb.ParsePolicy has them, and the
// settings each has beside those of all.
func kinds() []kind {
	return []kind{
		{"adaptive", []string{choices}},
		{"round_robin", nil},
		{"random", nil},
		{"weighted_round_robin", nil},
		{"weighted_random", nil},
		{"least_request", []string{choices}},
		{"least_request_2", nil},
		{"peak_ewma", []string{choices}},
		{"maglev", nil},
		{"ring", []string{"points", "bound"}},
		{"rendezvous", nil},
		{"probing", []string{"hot", "timeout", "maxAge"}},
	}
}

// choices is the setting of several.
const choices = "choices"

type kind struct {
	name     string
	settings []string
}

// balancerNamed is the name in gRPC of what lb calls name.
func balancerNamed(name string) (string, error) {
	plain := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "-", "_")
	if plain == "" {
		plain = "adaptive"
	}
	for _, k := range kinds() {
		if k.name == plain {
			return prefix + plain, nil
		}
	}
	_, err := lb.ParsePolicy(name)
	return "", fmt.Errorf("stub: Config.Balancer (where there also is probing): %w", err)
}

func builders() []*builder {
	var all []*builder
	for _, k := range kinds() {
		all = append(all, &builder{k})
	}
	return all
}

// builder makes the balancers of one kind.
type builder struct{ kind kind }

var _ balancer.ConfigParser = (*builder)(nil)

// Name implements balancer.Builder.
func (b *builder) Name() string { return prefix + b.kind.name }

// Build implements balancer.Builder.
func (b *builder) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	return newBalancer(cc, b.kind)
}

// ParseConfig implements balancer.ConfigParser. gRPC would have it ignore what it
// does not know; then "outlierDetecton" would do nothing, and nobody would notice.
func (b *builder) ParseConfig(text json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	p, err := parsePolicy(b.kind, text)
	if err != nil {
		return nil, fmt.Errorf("stub: %w", err)
	}
	return p, nil
}
