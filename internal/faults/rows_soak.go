package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// soakRows are a random mix of faults, for as long as -soak says. The same
// -seed gives the same faults in the same order.
func soakRows() (rows []row) {
	for _, on := range []struct {
		name  string
		start func(*trial)
	}{{"etcd", etcdOne}, {"consul", consulOne}} {
		rows = append(rows, row{
			name: "48 " + on.name, fault: "a random mix of faults, one after the other", then: "after each, all are registered, and known to be",
			bound: ttl + back, sized: true, run: func(t *trial) { on.start(t); soak(t) },
		})
	}
	return rows
}

// deed is a fault that is over when it returns.
type deed struct {
	name string
	do   func(t *trial, r *rand.Rand)
}

var deeds = []deed{ //nolint:gochecknoglobals // a table
	{"kill an instance, start another", func(t *trial, r *rand.Rand) {
		i := some(t, r)
		t.kill(t.members[i])
		t.members[i] = t.launchAs(sd.NewID(service), nil)
	}},
	{"restart an instance", func(t *trial, r *rand.Rand) {
		i := some(t, r)
		old := t.members[i]
		t.term(old)
		t.eventually("it has ended", exited(old))
		t.members[i] = t.launchAs(sd.NewID(service), old)
	}},
	{"freeze an instance", func(t *trial, r *rand.Rand) {
		in := t.members[some(t, r)]
		t.must(t.freeze(in))
		t.last(moment(r))
		t.must(t.thaw(in))
	}},
	{"kill the registry", func(t *trial, r *rand.Rand) {
		t.must(t.server().Kill())
		t.last(moment(r))
		t.must(t.server().Start(t.ctx))
	}},
	{"freeze the registry", func(t *trial, r *rand.Rand) {
		t.must(t.server().Freeze())
		t.last(moment(r))
		t.must(t.server().Thaw())
	}},
	{"wipe the registry", func(t *trial, _ *rand.Rand) {
		t.must(t.server().Wipe())
		t.must(t.server().Start(t.ctx))
	}},
	{"let nothing pass to the instances", func(t *trial, r *rand.Rand) {
		t.fleetProxy().Stall(both)
		t.last(moment(r))
		t.must(t.fleetProxy().Heal())
	}},
	{"cut the instances off", func(t *trial, r *rand.Rand) {
		t.fleetProxy().Cut()
		t.last(moment(r))
		t.must(t.fleetProxy().Heal())
	}},
	{"reset every connection of the instances", func(t *trial, _ *rand.Rand) { t.fleetProxy().Reset() }},
}

// some is one of the instances; the first is let alone, so that its memory can
// be compared.
func some(t *trial, r *rand.Rand) int { return 1 + r.IntN(len(t.members)-1) }

// moment is up to one and a half TTLs.
func moment(r *rand.Rand) time.Duration {
	return time.Duration(r.Int64N(int64(3 * ttl / 2))).Round(time.Millisecond)
}

func soak(t *trial) {
	r := rand.New(rand.NewPCG(uint64(t.length.seed), 0))
	// Whom a registry that was wiped has forgotten is held for a minute from when it
	// works again. Callers who find out that he is gone end that, but they never ask
	// one who was critical by then.
	t.history.Settle = t.row.bound + time.Minute
	t.fleet(5)
	t.drive(100)
	t.last(time.Second)
	var memory []int
	for began := time.Now(); time.Since(began) < t.length.soak; {
		d := deeds[r.IntN(len(deeds))]
		t.fault(d.name, func() error { d.do(t, r); return nil })
		t.heal("over: "+d.name, func() error { return nil })
		t.within(t.row.bound, "after “"+d.name+"” all are listed, registered, known and up to date", all(t.allListed, t.allHeld, t.allKnown, t.fresh))
		memory = append(memory, t.resident(t.members[0]))
	}
	t.note("%d faults with seed %d", len(memory), t.length.seed)
	first, last := memory[len(memory)/4], memory[len(memory)-1]
	t.note("an instance that lived through all of it went from %d to %d KiB of memory", first, last)
	if t.length.soak >= 10*time.Minute && last > first+first/20+2<<10 {
		t.violate("its memory grew by more than a twentieth")
	}
}

// resident is how much memory an instance uses, in KiB; 0 where /proc does not
// say.
func (t *trial) resident(in *instance) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", in.child.pid()))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	i := slices.Index(fields, "VmRSS:")
	if i < 0 || i+1 >= len(fields) {
		return 0
	}
	kib, _ := strconv.Atoi(fields[i+1]) // the kernel writes numbers
	return kib
}
