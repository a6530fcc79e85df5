package lb

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	serverload "github.com/kitgen/kitgen/internal/load"
)

const (
	maxAnswers  = 16 // m
	minAnswers  = 2  // usable ones that a pick needs
	lastAnswers = 4  // so many stay until they are too old, since picks may be faster than answers
	perPick     = 3  // how many servers are asked for every pick
	maxUses     = 4  // what servers say is soon old

	slowFrom = 1.5 // latencies from this multiple of the mean on are slow
	noMerit  = 0.2 // share of failures from which it does not count that a server has little to do
)

// answers are what servers said of late, at most one per server. Picks take no
// lock: an answer never changes, but for counting its uses, and gets out by
// whoever first replaces it.
type answers struct {
	kept [maxAnswers]atomic.Pointer[answer]
	mu   sync.Mutex // held to add one
}

// answer is what one server said.
type answer struct {
	node  *node
	said  serverload.Report
	at    int64        // when it arrived, as Pool.now
	place atomic.Int32 // where in the slots the node was seen last
	since atomic.Int32 // picks since
	uses  atomic.Int32 // left
}

// keep takes in what a server said: in place of its last answer, else where there
// is room, else in place of the oldest. If byTheWay is set, it does only the first.
func (a *answers) keep(fresh *answer, byTheWay bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, oldest := 0, int64(math.MaxInt64)
	for i := range a.kept {
		old := a.kept[i].Load()
		switch {
		case old == nil:
			at, oldest = i, math.MinInt64
		case old.node == fresh.node && byTheWay:
			fresh.uses.Store(old.uses.Load())
			a.kept[i].CompareAndSwap(old, fresh) // unless a pick has just used it up
			return
		case old.node == fresh.node:
			a.kept[i].Store(fresh)
			return
		case old.at < oldest:
			at, oldest = i, old.at
		}
	}
	if !byTheWay {
		a.kept[at].Store(fresh)
	}
}

// forget drops what n said.
func (a *answers) forget(n *node) {
	for i := range a.kept {
		if old := a.kept[i].Load(); old != nil && old.node == n {
			a.kept[i].CompareAndSwap(old, nil)
		}
	}
}

// uses returns for how many picks an answer is good, on average, of n servers. It
// is the paper's formula, which is for more servers than there is room for: where
// it says nothing, with up to 24, new answers are so many that one use is enough.
func uses(n int) float64 {
	if spare := (1-maxAnswers/float64(n))*perPick - 1; spare > 0 {
		return min(max(1, 2/spare), maxUses)
	}
	return 1
}

// option is an answer that a pick may go by.
type option struct {
	slot    *slot
	answer  *answer
	at      int     // where it is kept
	load    float64 // what picks go by unless the server is cold; see Probing
	latency float64 // as the server says, in nanoseconds, with the blame for failures
}

// options are those that there are.
type options struct {
	room [maxAnswers]option
	n    int
}

func (o *options) all() []option { return o.room[:o.n] }

// options returns what is known now of the nodes in slots.
func (b *Probing) options(slots []slot, o *options) []option {
	root := b.set.root()
	now, mean := root.now(), root.mean.load()
	for i := range b.answers.kept {
		a := b.answers.kept[i].Load()
		if a == nil {
			continue
		}
		if now-a.at > int64(b.cfg.MaxAge) {
			b.answers.kept[i].CompareAndSwap(a, nil)
			continue
		}
		sl := a.slot(slots)
		if sl == nil {
			continue
		}
		load := max(int64(a.said.InFlight)+int64(a.since.Load()), a.node.calling()) + 1
		o.room[o.n] = option{sl, a, i, float64(load) / float64(sl.weight()), cmp.Or(float64(a.said.Latency), mean)}
		o.n++
	}
	o.blame()
	if b.cfg.Hot == 0 {
		o.slow(mean)
	}
	return o.all()
}

// blame adds the failures. That a server which fails has little to do is no
// merit: what it has less than the average is taken away the more it fails, all
// of it at noMerit, and success² counts on top.
func (o *options) blame() {
	sum := 0.0
	for i := range o.all() {
		sum += o.room[i].load
	}
	for i := range o.all() {
		op := &o.room[i]
		f := op.slot.node.failing.load()
		if f == 0 {
			continue
		}
		op.load += max(sum/float64(o.n)-op.load, 0) * min(f/noMerit, 1)
		ok := max(1-f, minSuccess)
		op.load /= ok * ok
		op.latency /= ok * ok
	}
}

// slow adds that some servers are slow to this client. That one is quick is no
// merit: those that it has not called yet may be too.
func (o *options) slow(mean float64) {
	for i := range o.all() {
		op := &o.room[i]
		if l := op.slot.node.latency.load(); mean > 0 && l > mean*slowFrom {
			op.load *= l / mean
		}
	}
}

// slot returns the answering node's place in slots, which are sorted by ID, and
// nil if it has none.
func (a *answer) slot(slots []slot) *slot {
	if i := int(a.place.Load()); i < len(slots) && slots[i].node == a.node {
		return &slots[i]
	}
	i, _ := slices.BinarySearchFunc(slots, a.node.id, func(sl slot, id string) int { return cmp.Compare(sl.node.id, id) })
	if i == len(slots) || slots[i].node != a.node {
		return nil
	}
	a.place.Store(int32(i))
	return &slots[i]
}

// choose implements chooser.
func (b *Probing) choose(slots []slot, w want) *slot {
	var room options
	known := b.options(slots, &room)
	if len(known) < minAnswers || b.unasked() {
		return b.fallback.choose(slots, w)
	}
	limit := b.limit(known)
	var best *option
	r := b.set.root().dice()
	for k, i := 0, r.below(len(known)); k < len(known); k, i = k+1, i+1 {
		o := &known[i%len(known)]
		if w.trace != nil {
			w.trace.consider(o.slot, o.load, &w)
		}
		if (best == nil || o.better(best, limit)) && w.ok(o.slot.node) {
			best = o
		}
	}
	if best == nil {
		return b.fallback.choose(slots, w)
	}
	best.answer.since.Add(1)
	spare := len(known) - lastAnswers
	if best.answer.uses.Add(-1) <= 0 && spare > 0 && b.answers.kept[best.at].CompareAndSwap(best.answer, nil) {
		spare--
	}
	if spare > 0 {
		b.discard(known, limit)
	}
	return best.slot
}

// better says whether o is to be preferred to p: cold to hot, then, of cold ones,
// the faster, and of hot ones the less loaded.
func (o *option) better(p *option, limit float64) bool {
	switch hot, other := o.load > limit, p.load > limit; {
	case hot != other:
		return other
	case hot:
		return o.load < p.load
	}
	return o.latency < p.latency
}

// limit returns the load above which a server is hot.
func (b *Probing) limit(known []option) float64 {
	if b.cfg.Hot == 0 {
		return -1
	}
	var room [maxAnswers]float64
	loads := room[:0]
	for i := range known {
		loads = append(loads, known[i].load)
	}
	slices.Sort(loads)
	return loads[int(b.cfg.Hot*float64(len(loads)-1))]
}

// discard removes the oldest or the worst answer, in turns.
func (b *Probing) discard(known []option, limit float64) {
	out, oldest := &known[0], b.picks.Add(1)%2 == 0
	for i := range known {
		switch o := &known[i]; {
		case oldest && o.answer.at < out.answer.at, !oldest && out.better(o, limit):
			out = o
		}
	}
	b.answers.kept[out.at].CompareAndSwap(out.answer, nil)
}

// said takes in what a node says of itself.
func (b *Probing) said(n *node, inFlight int, latency time.Duration, byTheWay bool) {
	p := b.plan.Load()
	a := &answer{node: n, said: serverload.Report{InFlight: max(inFlight, 0), Latency: max(latency, 0)}, at: n.pool.now()}
	r, good := n.pool.dice(), uses(len(p.pickable))
	whole := math.Floor(good)
	if r.fraction() < good-whole { // by chance, so that it holds on average
		whole++
	}
	a.uses.Store(int32(whole))
	b.answers.keep(a, byTheWay)
}
