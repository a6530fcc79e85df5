package consul

import (
	"cmp"
	"maps"
	"slices"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// view is what a Watch has told its caller.
type view struct {
	update func([]sd.Instance)
	choose func([]listed) []sd.Instance // whom to tell of; sorted by ID
	told   []sd.Instance
	begun  bool
}

// listed is an instance and where its entry was.
type listed struct {
	sd.Instance

	node string
	rank int // of the node, in the order of the answer
}

// show tells of what is listed, unless that is what was told last.
func (v *view) show(all []listed) (news bool) {
	set := v.choose(all)
	if v.begun && slices.EqualFunc(v.told, set, same) {
		return false
	}
	if out := v.leftOut(all, set); len(out) > 0 {
		v.update(append(slices.Clone(set), out...))
	}
	v.told, v.begun = set, true
	v.update(slices.Clone(set))
	return true
}

// leftOut is who was told, is still listed and no longer in set, as Draining.
func (v *view) leftOut(all []listed, set []sd.Instance) []sd.Instance {
	if len(set) == len(all) {
		return nil
	}
	there := make(map[string]bool, len(all))
	for i := range all {
		there[all[i].ID] = true
	}
	for i := range set {
		delete(there, set[i].ID)
	}
	var out []sd.Instance
	for _, in := range v.told {
		if there[in.ID] {
			in.State = sd.Draining
			out = append(out, in)
		}
	}
	return out
}

// instances converts the entries, sorted by ID. Agents may use an ID that
// another one has; then the node's name is put before it, unless it is the same
// instance, which an agent that lost its identity has left behind. Entries that
// nobody could dial are the Instancer's to refuse: it knows what they were
// before.
func instances(entries []*api.ServiceEntry) []listed {
	set, addrs, ranks := make([]listed, 0, len(entries)), map[string]string{}, map[string]int{}
	ambiguous := map[string]bool{}
	for _, e := range entries {
		if e == nil || e.Service == nil || e.Node == nil {
			continue
		}
		in := listed{Instance: fromConsul(e), node: e.Node.Node}
		rank, met := ranks[in.node]
		if !met {
			rank = len(ranks)
			ranks[in.node] = rank
		}
		in.rank = rank
		if addr, met := addrs[in.ID]; met && addr != in.Addr {
			ambiguous[in.ID] = true
		}
		addrs[in.ID] = in.Addr
		set = append(set, in)
	}
	for i := range set {
		if ambiguous[set[i].ID] {
			set[i].ID = set[i].node + "/" + set[i].ID
		}
	}
	slices.SortFunc(set, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(reluctance(a.State), reluctance(b.State)), cmp.Compare(a.node, b.node))
	})
	return slices.CompactFunc(set, func(a, b listed) bool { return a.ID == b.ID })
}

// reluctance ranks states by how little they want calls.
func reluctance(s sd.State) int {
	return slices.Index([]sd.State{sd.Up, sd.Warning, sd.Critical, sd.Draining}, s)
}

func same(a, b sd.Instance) bool {
	return a.ID == b.ID && a.Addr == b.Addr && a.Weight == b.Weight && a.Zone == b.Zone && a.Version == b.Version &&
		a.State == b.State && slices.Equal(a.Tags, b.Tags) && maps.Equal(a.Meta, b.Meta)
}
