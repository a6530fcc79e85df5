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
	more := make([]string, n+1)
	for i := range more {
		more[i] = addr(i)
	}
	factory := func(string) (endpoint.Endpoint, io.Closer, error) { return nop, nil, nil }
	source := &announcer{first: kitsd.Event{Instances: more[:n]}}
	set := kitsd.NewEndpointer(source, factory, log.NewNopLogger())
	has := func(size int) error {
		return until("go-kit's endpointer", func() bool {
			all, err := set.Endpoints()
			return err == nil && len(all) == size
		})
	}
	if err := has(n); err != nil {
		return nil, err
	}
	turns := kitlb.NewRoundRobin(set)
	tell := func(size int) func() error {
		return func() error {
			source.events <- kitsd.Event{Instances: slices.Clone(more[:size])}
			if err := has(size); err != nil {
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
