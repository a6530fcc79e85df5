package lb

import kitlb "github.com/go-kit/kit/sd/lb"

// LeastRequestConfig configures a LeastRequest. The zero value is good.
type LeastRequestConfig struct {
	Choices int // how many instances a pick compares; all if zero or above 16
}

// LeastRequest picks the instance with the fewest calls in flight for its
// weight: of all (HAProxy's leastconn, Envoy's full scan), or, with Choices: 2,
// of two that chance draws (Mitzenmacher, "The power of two choices in
// randomized load balancing", 2001). It compares
//
//	(calls in flight + 1) / weight
//
// and ties are broken by chance. The instances drawn are always different, so
// of two the better one is picked every time. Comparing all takes time in
// proportion to their number: about 2 µs for a thousand.
//
// It sees this client's calls only, and takes an instance that fails at once
// for an idle one: Adaptive knows both better. It is safe for concurrent use.
type LeastRequest struct{ comparing }

var _ kitlb.Balancer = (*LeastRequest)(nil)

// NewLeastRequest returns a least-request balancer over set.
func NewLeastRequest(set Set, cfg LeastRequestConfig) *LeastRequest {
	set = orNobody(set)
	b := new(LeastRequest)
	choices := upTo(max(cfg.Choices, 0))
	b.start(set, "least request", comparison{by: byInFlight, choices: choices})
	return b
}
