package main

import (
	"io"
	"math/rand/v2"
	"slices"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/go-kit/log"
)

// announcer is a go-kit Instancer that says what it is told to.
type announcer struct {
	first  kitsd.Event
	events chan<- kitsd.Event
}

func (a *announcer) Register(ch chan<- kitsd.Event) {
	a.events = ch
	ch <- a.first
}

func (*announcer) Deregister(chan<- kitsd.Event) {}
func (*announcer) Stop()                         {}

// openGoKit measures go-kit's balancers over its own Endpointer. They are not
// told of a call's end. Its Random is not safe for concurrent use.
func openGoKit(n int) ([]*subject, error) {
	set, source, err := goKitSet(n)
	if err != nil {
		return nil, err
	}
	more := goKitAddrs(n + 1)
	turns := kitlb.NewRoundRobin(set)
	tell := func(size int) func() error {
		return func() error {
			source.events <- kitsd.Event{Instances: slices.Clone(more[:size])}
			if err := goKitHas(set, size); err != nil {
				return err
			}
			return pickOnce(turns)
		}
	}
	return []*subject{
		{system: "gokit", policy: roundRobin, pick: picks(turns), add: tell(n + 1), remove: tell(n), stall: picks(turns), bare: true, close: set.Close},
		{system: "gokit", policy: randomName, pick: picks(kitlb.NewRandom(set, rand.Int64())), single: true},
	}, nil
}

// goKitSet returns go-kit's set of n connected instances, and what announces others.
func goKitSet(n int) (*kitsd.DefaultEndpointer, *announcer, error) {
	factory := func(string) (endpoint.Endpoint, io.Closer, error) { return nop, nil, nil }
	source := &announcer{first: kitsd.Event{Instances: goKitAddrs(n)}}
	set := kitsd.NewEndpointer(source, factory, log.NewNopLogger())
	if err := goKitHas(set, n); err != nil {
		set.Close()
		return nil, nil, err
	}
	return set, source, nil
}

func goKitHas(set *kitsd.DefaultEndpointer, size int) error {
	return until("go-kit's endpointer", func() bool {
		all, err := set.Endpoints()
		return err == nil && len(all) == size
	})
}

func goKitAddrs(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = addr(i)
	}
	return all
}
