package main

import (
	"io"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/fleet"
	"github.com/kitgen/kitgen/lb/lbsim/internal/peers"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// playFleet plays the user's own scenario.
func playFleet(o options, out, errs io.Writer) error {
	f, err := fleet.Read(o.scenario)
	if err != nil {
		return err
	}
	if o.seedsSaid {
		f.Seeds = o.seeds
	}
	all := sim.Ours()
	if o.peers {
		all = append(all, peers.All()...)
	}
	some, err := choose("balancer", o.balancers, all, func(p sim.Policy) string { return p.Name })
	if err != nil {
		return err
	}
	cast := fleet.Cast{References: []sim.Policy{reference()}}
	for _, p := range some {
		if isOurs(p) {
			cast.Ours = append(cast.Ours, p)
		} else {
			cast.Peers = append(cast.Peers, p)
		}
	}
	p := &progress{w: errs, all: f.Seeds * (len(some) + 1), began: time.Now()}
	if err := f.Play(out, cast, o.parallel, p.step); err != nil {
		return err
	}
	p.end()
	return nil
}

func isOurs(p sim.Policy) bool {
	for _, o := range sim.Ours() {
		if o.Name == p.Name {
			return true
		}
	}
	return false
}
