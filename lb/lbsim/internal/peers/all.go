package peers

import "github.com/kitgen/kitgen/lb/lbsim/internal/sim"

// All returns the peers in the order in which tables list them: from those that
// look at nothing to those that ask the servers.
func All() []sim.Policy {
	return []sim.Policy{
		policy("go-micro/random", newRandom),
		policy("go-kit/round-robin", newGoKitRoundRobin),
		policy("kratos/wrr", newSmooth),
		policy("kitex/wrr", newKitexRoundRobin),
		policy("grpc/least-request", newLeastRequest),
		policy("dubbo/least-active", newLeastActive),
		policy("haproxy/random2", newHAProxyRandom),
		policy("finagle/peak-ewma", newFinagle),
		policy("linkerd/peak-ewma", newLinkerd),
		policy("linkerd/penalty", newLinkerdPenalty),
		policy("go-zero/p2c", newGoZeroP2C),
		policy("kratos/p2c", newKratosP2C),
		policy("dubbo/p2c", newDubboP2C),
		policy("grpc/wrr", newORCA),
		policy("prequal/hcl", newPrequal),
		policy("prequal/rif", newPrequalRIF),
	}
}
