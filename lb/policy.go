package lb

import (
	"fmt"
	"strings"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// Policy makes a balancer over a set, for those who are told by somebody else
// which: balancers that choose among others, and ParsePolicy. It may make any
// go-kit Balancer; of those that are not of this package, no more is known than
// that they pick from the set, and a pick by one of them allocates.
type Policy func(Set) kitlb.Balancer

// ParsePolicy returns the policy of that name, for flags and files of
// configuration: adaptive, round_robin, random, weighted_round_robin,
// weighted_random, least_request, least_request_2, peak_ewma, maglev, ring or
// rendezvous. Each is the constructor of that name with its zero configuration;
// least_request_2 compares two. Neither case nor "-" for "_" matters. The error
// for any other name lists these. Probing is not among them, since servers have to
// be made ready for it.
func ParsePolicy(name string) (Policy, error) {
	plain := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "-", "_")
	all := policies()
	names := make([]string, len(all))
	for i, p := range all {
		if p.name == plain {
			return p.policy, nil
		}
		names[i] = p.name
	}
	err := fmt.Errorf("there is no balancing policy %q; there are %s", name, strings.Join(names, ", "))
	if near := nearest(plain, names); near != "" {
		err = fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return nil, err
}

type namedPolicy struct {
	name   string
	policy Policy
}

func policies() []namedPolicy {
	return []namedPolicy{
		{"adaptive", func(s Set) kitlb.Balancer { return NewAdaptive(s, AdaptiveConfig{}) }},
		{"round_robin", func(s Set) kitlb.Balancer { return NewRoundRobin(s) }},
		{"random", func(s Set) kitlb.Balancer { return NewRandom(s) }},
		{"weighted_round_robin", func(s Set) kitlb.Balancer { return NewWeightedRoundRobin(s) }},
		{"weighted_random", func(s Set) kitlb.Balancer { return NewWeightedRandom(s) }},
		{"least_request", func(s Set) kitlb.Balancer { return NewLeastRequest(s, LeastRequestConfig{}) }},
		{"least_request_2", func(s Set) kitlb.Balancer { return NewLeastRequest(s, LeastRequestConfig{Choices: 2}) }},
		{"peak_ewma", func(s Set) kitlb.Balancer { return NewPeakEWMA(s, PeakEWMAConfig{}) }},
		{"maglev", func(s Set) kitlb.Balancer { return NewMaglev(s) }},
		{"ring", func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{}) }},
		{"rendezvous", func(s Set) kitlb.Balancer { return NewRendezvous(s) }},
	}
}

// nearest returns the name that shares the most pairs of letters with word
// (Dice's coefficient), and none if that is fewer than half of them. Words in
// another order do not matter much: least_requests, robin_round.
func nearest(word string, names []string) string {
	best, most := "", 0.5
	for _, name := range names {
		if s := likeness(word, name); s >= most {
			best, most = name, s
		}
	}
	return best
}

func likeness(a, b string) float64 {
	pairs := map[string]int{}
	for i := range len(a) - 1 {
		pairs[a[i:i+2]]++
	}
	shared := 0
	for i := range len(b) - 1 {
		if pair := b[i : i+2]; pairs[pair] > 0 {
			pairs[pair]--
			shared++
		}
	}
	return 2 * float64(shared) / float64(max(len(a)+len(b)-2, 1))
}
