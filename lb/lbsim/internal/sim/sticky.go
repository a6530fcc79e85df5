package sim

import (
	"context"
	"math/rand/v2"
	"strconv"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
)

// Sticky are the balancers of package lb that send what belongs together to one
// server. Every call is that of one of 10 000 users, all equally busy. They are
// no competitors in latency: these figures say what stickiness costs.
func Sticky() []Policy {
	return []Policy{
		sticky("maglev", func(s lb.Set) kitlb.Balancer { return lb.NewMaglev(s) }),
		sticky("ring", func(s lb.Set) kitlb.Balancer { return lb.NewRing(s, lb.RingConfig{}) }),
		sticky("rendezvous", func(s lb.Set) kitlb.Balancer { return lb.NewRendezvous(s) }),
	}
}

func sticky(name string, by lb.Policy) Policy {
	return Policy{Name: name, follows: true, New: func(e Env) Caller {
		return &user{newShipped(e, by, e.world.registry().connect), e.world.keys(), e.Rand}
	}}
}

const users = 10_000

// keys returns a context for each user.
func (w *world) keys() []context.Context {
	if w.users == nil {
		for i := range users {
			w.users = append(w.users, lb.WithKey(context.Background(), "user-"+strconv.Itoa(i)))
		}
	}
	return w.users
}

// user is a client that calls for one user or another.
type user struct {
	*shipped
	keys []context.Context
	r    *rand.Rand
}

// Start implements Caller.
func (u *user) Start() (server int, done func(failed bool)) {
	return u.w.start(u.keys[u.r.IntN(users)], u.call)
}
