package etcd

import (
	"math/rand/v2"
	"time"
)

// jitter is d, more or less by up to a share of it, so that a fleet started
// together does not stay in step.
func jitter(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*rand.Float64()-1)))
}
