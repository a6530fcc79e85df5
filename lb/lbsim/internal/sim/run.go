package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Run plays a scenario with a policy. The same seed brings the same calls, faults
// and result.
func Run(sc Scenario, p Policy, seed uint64) (Result, error) {
	sc = sc.withDefaults()
	if err := sc.validate(); err != nil {
		return Result{}, err
	}
	if !p.Plays(sc) {
		return Result{}, fmt.Errorf("scenario %s: %s does not hear of servers that leave: see Policy.Plays", sc.Name, p.Name)
	}
	w := newWorld(sc, seed)
	defer w.close()
	if p.central {
		w.central = &queue[job]{}
	} else {
		for i := range sc.Clients {
			w.callers = append(w.callers, p.New(w.env(i, seed)))
		}
	}
	w.play()
	return w.result(p.Name, seed), nil
}

// Chance is drawn from streams of its own for everything, so that what one
// policy draws does not change what happens to it.
const (
	chanceOfCalls = iota + 1
	chanceOfFailure
	chanceOfFaults
	chanceOfClients // and one more for each

	chanceOfHiccups = math.MaxUint64 // the last: of clients there are fewer
)

func newWorld(sc Scenario, seed uint64) *world {
	w := &world{
		Scenario: sc,
		delay:    int64(sc.Delay),
		stream:   newStream(&sc, chance(seed, chanceOfCalls)),
		coin:     chance(seed, chanceOfFailure),
		chaos:    chance(seed, chanceOfFaults),
		luck:     chance(seed, chanceOfHiccups),
		tally:    tally{from: int64(sc.Warmup), watch: sc.Watch - 1, picked: make([]int, len(sc.Servers))},
	}
	for i, s := range sc.Servers {
		w.servers = append(w.servers, newServer(w, i, s, len(sc.Faults)))
	}
	for i, f := range sc.Faults {
		w.strike(i, f)
	}
	return w
}

func chance(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

func (w *world) env(client int, seed uint64) Env {
	weights := make([]int, len(w.Servers))
	for i, s := range w.Servers {
		weights[i] = s.Weight
	}
	r := chance(seed, chanceOfClients+uint64(client))
	return Env{
		Client: client, Clients: w.Clients, Servers: len(w.servers), Weights: weights,
		Seed: r.Uint64(), Rand: r,
		Now:     func() time.Duration { return time.Duration(w.now) },
		Report:  func(server int) Load { return w.servers[server].report() },
		After:   w.after,
		Delay:   w.Delay,
		Message: w.message,
		world:   w,
	}
}

func (w *world) message() {
	if w.now >= w.tally.from {
		w.tally.messages++
	}
}

func (w *world) close() {
	for _, c := range w.callers {
		c.Close()
	}
	for _, f := range w.fibers {
		f.stop()
	}
}
