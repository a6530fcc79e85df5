package sdtest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/sd"
)

// instance returns the nth instance of a test: an address nobody dials.
func instance(n int) sd.Instance {
	return sd.Instance{ID: fmt.Sprintf("i%03d", n), Addr: fmt.Sprintf("192.0.2.%d:%d", n%250+1, 8000+n)}
}

func empty(c *check) {
	c.watch().awaitIDs()
}

func seenByEarlier(c *check) {
	w := c.watch()
	w.awaitIDs()
	c.hold(instance(1))
	w.awaitIDs("i001")
}

func seenByLater(c *check) {
	c.hold(instance(1))
	c.watch().awaitIDs("i001")
}

func fields(c *check) {
	in := sd.Instance{
		ID: "i001", Addr: "[2001:db8::7]:8080", Weight: 7, Zone: "eu-west-1a", Version: "v1.2.3+dirty",
		Tags: []string{"canary", "blue green", "a=b,c"},
		Meta: map[string]string{"grpc": "[2001:db8::7]:8081", "rack": "b/12 «ü» 100%", "empty": ""},
	}
	c.hold(in)
	c.sees(in)
}

func noFields(c *check) {
	in := sd.Instance{Addr: "192.0.2.1:80"}
	c.hold(in)
	in.ID = in.Addr
	c.sees(in)
}

func ipv6(c *check) {
	in := []sd.Instance{instance(0), instance(1), instance(2)}
	in[1].Addr, in[2].Addr = "[2001:db8::7]:8080", "[2001:db8::7:8080]:80"
	for _, in := range in {
		c.hold(in)
	}
	set := c.watch().awaitIDs("i000", "i001", "i002")
	for _, want := range in {
		if got, _ := find(set, want.ID); got.Addr != want.Addr {
			c.broken("%q registered at %q and is seen at %q", want.ID, want.Addr, got.Addr)
		}
	}
}

func states(c *check) {
	for i, state := range []sd.State{sd.Warning, sd.Draining} {
		in := instance(i)
		in.State = state
		c.hold(in)
		c.sees(in)
	}
}

// sees waits for a watcher that sees want, and compares every field. An ID
// that is empty stands for the address, a weight of 0 for 1.
func (c *check) sees(want sd.Instance) {
	c.Helper()
	id := cmp.Or(want.ID, want.Addr)
	set := c.watch().await(fmt.Sprintf("a set with %q", id), func(set []sd.Instance) bool {
		_, ok := find(set, id)
		return ok
	})
	got, _ := find(set, id)
	got.ID, got.Weight, want.Weight = cmp.Or(got.ID, got.Addr), cmp.Or(got.Weight, 1), cmp.Or(want.Weight, 1)
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		c.broken("registered (-) and seen (+) differ:\n%s", diff)
	}
}

func confirmed(c *check) {
	for n := range 3 {
		c.hold(instance(n))
		w := c.watch()
		first := w.await("a first set", func([]sd.Instance) bool { return true })
		if _, ok := find(first, instance(n).ID); !ok {
			c.broken("held was called for %q, and a watch begun after that reported %s", instance(n).ID, show(w.history()))
		}
	}
}

func invalid(c *check) {
	for _, in := range []sd.Instance{
		{ID: "no-address"},
		{ID: "no-port", Addr: "192.0.2.1"},
		{ID: "port-0", Addr: "192.0.2.1:0"},
		{ID: "anywhere", Addr: "[::]:80"},
		{ID: "url", Addr: "http://192.0.2.1:80"},
		{ID: "weight", Addr: "192.0.2.1:80", Weight: -1},
		{ID: "line\nbreak", Addr: "192.0.2.1:80"},
	} {
		x := c.start(c.Context(), c.Holder(c.service), in)
		if err := x.refused(in); !errors.Is(err, sd.ErrInvalid) {
			c.broken("Hold(%+v) returned %v", in, err)
		}
	}
	c.watch().awaitIDs()
}

func fullSets(c *check) {
	w := c.watch()
	var there []string
	for n := range 4 {
		c.hold(instance(n))
		there = append(there, instance(n).ID)
		w.awaitIDs(slices.Clone(there)...)
	}
	most := 0
	for _, set := range w.history() {
		if len(set) < most {
			c.broken("nobody left, and a set became smaller: %s", show(w.history()))
		}
		most = len(set)
	}
}

func many(c *check) {
	const n = 60
	w := c.watch()
	var all []*holding
	var want []string
	for i := range n {
		all = append(all, c.start(c.Context(), c.Holder(c.service), instance(i)))
		want = append(want, instance(i).ID)
	}
	for i, x := range all {
		x.confirmed(instance(i))
	}
	w.awaitIDs(slices.Clone(want)...)
	c.watch().awaitIDs(want...)
}

func sameID(c *check) {
	w := c.watch()
	in := instance(1)
	for _, weight := range []int{2, 5} {
		in.Weight = weight
		x := c.hold(in)
		w.await(fmt.Sprintf("exactly %q with weight %d", in.ID, weight), func(set []sd.Instance) bool {
			return len(set) == 1 && set[0].ID == in.ID && set[0].Weight == weight && set[0].State == sd.Up
		})
		if err := x.leave(); err != nil {
			c.broken("Hold returned %v when it left", err)
		}
	}
	for _, set := range w.history() {
		if len(set) > 1 {
			c.broken("one ID, and two instances in a set: %+v", set)
		}
	}
}

func services(c *check) {
	mine, other := c.service+"-user", c.service+"-user-admin"
	w, v := c.watchAs(mine), c.watchAs(other)
	w.awaitIDs()
	v.awaitIDs()
	for n := 0; n < 4; n += 2 {
		c.holdAs(other, instance(n))
		c.holdAs(mine, instance(n+1))
	}
	w.awaitIDs("i001", "i003")
	v.awaitIDs("i000", "i002")
	c.watchAs(mine).awaitIDs("i001", "i003")
	c.watchAs(other).awaitIDs("i000", "i002")
	for service, seen := range map[string]struct {
		by      *watching
		foreign []string
	}{mine: {w, []string{"i000", "i002"}}, other: {v, []string{"i001", "i003"}}} {
		for _, set := range seen.by.history() {
			if slices.ContainsFunc(idsOf(set), func(id string) bool { return slices.Contains(seen.foreign, id) }) {
				c.broken("%q saw an instance of the other service: %s", service, show(seen.by.history()))
			}
		}
	}
}

func ids(c *check) {
	odd := []string{
		"a/b", "a", "/a/", "a b", " ", "100%", "%2F", "a%2Fb", "..", ".", "a?b#c", "a:b,c;d=e", "ключ-鍵-é", `back\slash"quote'`, "a+b&c",
	}
	w := c.watch()
	all := map[string]*holding{}
	for n, id := range odd {
		in := instance(n)
		in.ID = id
		all[id] = c.hold(in)
	}
	w.awaitIDs(slices.Clone(odd)...)
	for n, id := range odd { // each is its own: leaving must find exactly it
		if err := all[id].leave(); err != nil {
			c.broken("%q left with %v", id, err)
		}
		w.awaitIDs(slices.Clone(odd[n+1:])...)
	}
}
