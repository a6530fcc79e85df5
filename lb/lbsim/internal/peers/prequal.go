package peers

import (
	"math"
	"slices"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	prequalPool  = 16
	prequalAge   = time.Second
	prequalRate  = 3   // probes a call
	prequalDrop  = 1   // probes removed a call
	prequalDelta = 1.0 // how much faster probes are added than used up
	prequalLeast = 2   // probes below which a pick is random
)

// prequal is the balancer of Wydrowski et al., "Load is not what you should
// balance: Introducing Prequal" (NSDI 2024). It sends probes to three different
// servers after each call has left, and keeps the newest 16 answers for
// a second: requests in flight, and latency at about so many. Servers with more
// in flight than the quantile hot of them are hot. The pick is the cold one with
// the least latency or, if all are hot, the one with the least in flight. Of each
// server the newest answer is kept, so that one that is full cannot raise the
// quantile by being probed. The paper does not publish its guard against servers
// that fail fast, so here is none; nor is the loss of probes.
type prequal struct {
	forgetful

	env   sim.Env
	hot   float64
	reuse float64 // how often a probe may be used, on average
	probe func(server int) (rif int, latency time.Duration, answered bool)
	pool  []probed // oldest first
	calls uint64
	drawn [prequalRate]int // room for some
}

// probed is an answer to a probe.
type probed struct {
	server  int
	rif     int
	latency time.Duration
	at      time.Duration // when it arrived
	uses    int           // how many are left
}

// newPrequal is hot and cold, at the paper's quantile of 2^-¼.
func newPrequal(env sim.Env) balancer { return newProber(env, 0.84) }

// newPrequalRIF calls everybody hot, and so looks at requests in flight alone.
func newPrequalRIF(env sim.Env) balancer { return newProber(env, 0) }

func newProber(env sim.Env, hot float64) *prequal {
	return &prequal{env: env, hot: hot, reuse: reuseOf(env.Servers), probe: func(server int) (int, time.Duration, bool) {
		l := env.Report(server)
		if hot == 0 {
			return l.RIF, 0, !l.Silent
		}
		return l.RIF, l.Latency(), !l.Silent
	}}
}

// reuseOf is the paper's b = max(1, (1+δ)/((1-m/n)·r_probe - r_remove)), in which
// 1-m/n is the chance that a probe is of a server that is not in the pool. It is 1
// too where the divisor is not positive, with 24 servers or fewer.
func reuseOf(servers int) float64 {
	divisor := (1-float64(prequalPool)/float64(servers))*prequalRate - prequalDrop
	if divisor < 1e-9 {
		return 1
	}
	return max(1, (1+prequalDelta)/divisor)
}

func (b *prequal) pick(now time.Duration) int {
	b.calls++
	b.pool = slices.DeleteFunc(b.pool, func(p probed) bool { return now-p.at > prequalAge })
	server := b.choose()
	for range prequalDrop {
		b.drop()
	}
	for _, s := range b.some() {
		b.send(s)
	}
	return server
}

func (b *prequal) choose() int {
	if len(b.pool) < prequalLeast {
		return b.env.Rand.IntN(b.env.Servers)
	}
	return b.use(b.best())
}

// some draws different servers to probe.
func (b *prequal) some() []int {
	drawn := b.drawn[:0]
	for len(drawn) < min(prequalRate, b.env.Servers) {
		if s := b.env.Rand.IntN(b.env.Servers); !slices.Contains(drawn, s) {
			drawn = append(drawn, s)
		}
	}
	return drawn
}

// send probes a server, without anybody waiting for it.
func (b *prequal) send(server int) {
	b.env.Message()
	b.env.After(b.env.Delay, func() {
		rif, latency, answered := b.probe(server)
		if !answered {
			return
		}
		b.env.After(b.env.Delay, func() { b.add(probed{server: server, rif: rif, latency: latency}) })
	})
}

// add takes the place of what was known of the server or, if the pool is full,
// of the oldest.
func (b *prequal) add(p probed) {
	p.at, p.uses = b.env.Now()+epoch, b.uses()
	b.pool = slices.DeleteFunc(b.pool, func(q probed) bool { return q.server == p.server })
	if len(b.pool) == prequalPool {
		b.pool = slices.Delete(b.pool, 0, 1)
	}
	b.pool = append(b.pool, p)
}

// uses rounds the reuse up or down by chance, so that it holds on average.
func (b *prequal) uses() int {
	whole := math.Floor(b.reuse)
	if b.env.Rand.Float64() < b.reuse-whole {
		whole++
	}
	return int(whole)
}

// use counts a call that goes by probe i: it will be in flight there, which the
// probe cannot know.
func (b *prequal) use(i int) (server int) {
	p := &b.pool[i]
	server = p.server
	p.rif++
	if p.uses--; p.uses == 0 {
		b.pool = slices.Delete(b.pool, i, i+1)
	}
	return server
}

// best returns the probe to go by.
func (b *prequal) best() int {
	limit, best := b.limit(), 0
	for i := range b.pool {
		if better(&b.pool[i], &b.pool[best], limit) {
			best = i
		}
	}
	return best
}

// better says whether p is to be preferred to q: cold to hot, then, of cold
// ones, the faster, and of hot ones the emptier.
func better(p, q *probed, limit int) bool {
	switch pc, qc := p.rif <= limit, q.rif <= limit; {
	case pc != qc:
		return pc
	case pc:
		return p.latency < q.latency
	}
	return p.rif < q.rif
}

// limit returns the requests in flight above which a server is hot; below any if
// all are.
func (b *prequal) limit() int {
	if b.hot == 0 {
		return -1
	}
	var room [prequalPool]int
	rifs := room[:0]
	for _, p := range b.pool {
		rifs = append(rifs, p.rif)
	}
	slices.Sort(rifs)
	return rifs[int(b.hot*float64(len(rifs)-1))]
}

// drop removes the oldest and the worst probe in turns: the worst is the fullest
// of the hot ones or, if none is, the slowest.
func (b *prequal) drop() {
	if len(b.pool) == 0 {
		return
	}
	i := 0
	if b.calls%2 == 0 {
		limit := b.limit()
		for k := range b.pool {
			if better(&b.pool[i], &b.pool[k], limit) {
				i = k
			}
		}
	}
	b.pool = slices.Delete(b.pool, i, i+1)
}
