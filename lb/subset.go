package lb

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kitgen/kitgen/sd"
)

// SubsetConfig configures a Subset. One of Client and Number is needed.
type SubsetConfig struct {
	Client string // who this client is, different for each; the same after a restart, if that is to change nothing
	Number int    // of this client, where all are numbered 1, 2, 3 and so on, such as the ordinal of a StatefulSet + 1; unknown if zero
	Size   int    // how many instances; 20 if zero
}

// Subset returns a part of set that is the client's own: with a thousand clients
// and a thousand instances, a million connections are too many, and a client that
// calls so many learns nothing about any. Those outside of the subset get no
// calls, and so no connection with kithttp; kitgrpc connects to all in a pool, and
// wants SubsetWatcher before it. All clients together use all instances alike:
// balancers over the subsets see to the weights, which do not matter here.
//
// When an instance comes or goes, at most one member of a subset changes, and
// only of those that win or lose this instance. Draining instances are replaced
// at once, critical ones too while there are others; one whose breaker is open is
// not, since it is expected back.
//
// A client that has no number draws its instances by rendezvous hashing of Client
// (as gRPC's A68). How many clients an instance gets is then a matter of chance,
// binomial: for m clients with k of n instances each, the standard deviation is
// √((n-k)/(m·k)) of the mean; 22 % with 1000 clients of 20 of 1000 instances, and
// as much was measured.
//
// Numbered clients come in rounds of about n/k, like those of Google's
// deterministic subsetting ("Site Reliability Engineering", chapter 20): every
// round has its own hashes, by which instances stand on a circle; its clients
// stand there evenly, and each has the k instances from its place on. So a round
// uses most instances once: measured, it is 10 % in that case. This is Ringsteady
// (Ward, Wankadia and Guliani, "Reinventing backend subsetting at Google", ACM
// Queue, 2022) for instances that are not numbered: with hashes alone, the gaps
// between neighbours would favour the same ones in every round. The length of a
// round, a power of two, changes when there are twice or half as many instances
// as it is good for, and with it all subsets.
func Subset(set Set, cfg SubsetConfig) (*View, error) {
	if set == nil {
		return nil, errNoSet
	}
	c, err := newSubset(cfg)
	if err != nil {
		return nil, err
	}
	return newView(set, c.of), nil
}

func newSubset(cfg SubsetConfig) (*subset, error) {
	switch {
	case cfg.Number < 0:
		return nil, fmt.Errorf("lb: SubsetConfig.Number is %d: count clients from 1, or give 0 and a Client", cfg.Number)
	case cfg.Size < 0:
		return nil, fmt.Errorf("lb: SubsetConfig.Size is %d: give the number of instances, or 0 for 20", cfg.Size)
	case cfg.Client == "" && cfg.Number == 0:
		return nil, errors.New("lb: SubsetConfig has neither Client nor Number: give one, or all clients have the same subset; the name of the host will do")
	}
	return &subset{size: cmp.Or(cfg.Size, 20), number: cfg.Number, client: mix(hashKey(cfg.Client))}, nil
}

// subset chooses the members of a client's subset. It is used by one goroutine
// at a time.
type subset struct {
	size   int
	number int    // 0: none
	client uint64 // hash of its name
	round  uint   // length of a round of clients, as a power of two
}

// of returns the subset of a snapshot.
func (c *subset) of(s *snapshot) *snapshot {
	if len(s.all) <= c.size {
		return s
	}
	c.adapt(len(s.all))
	ranks := make([]uint64, len(s.all))
	for i := range s.all {
		ranks[i] = c.rank(s.all[i].in)
	}
	slices.Sort(ranks)
	last := ranks[c.size-1]
	return s.filtered(func(sl *slot) bool { return c.rank(sl.in) <= last }, "in the subset")
}

// rank is how much the client wants the instance: the lower, the more.
func (c *subset) rank(in *sd.Instance) uint64 {
	rank := c.score(hashKey(cmp.Or(in.ID, in.Addr))) >> 1
	if in.State == sd.Critical {
		rank |= 1 << 63
	}
	return rank
}

// score is the distance from the client to the instance: on the circle of its
// round, or by chance.
func (c *subset) score(instance uint64) uint64 {
	if c.number == 0 {
		return mix(instance ^ c.client)
	}
	i := uint64(c.number - 1)
	place := i & (1<<c.round - 1) << (64 - c.round) // 0 if a round is of one
	return mix(instance^mix(i>>c.round)) - place
}

// adapt makes rounds as long as n instances want them.
func (c *subset) adapt(n int) {
	want := math.Log2(float64(n) / float64(c.size))
	if math.Abs(want-float64(c.round)) > 1 {
		c.round = uint(math.Round(max(want, 0)))
	}
}
