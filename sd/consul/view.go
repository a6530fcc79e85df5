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
	told   []sd.Instance
	begun  bool
}

// show tells of an answer, unless it is what was told last.
func (v *view) show(entries []*api.ServiceEntry) {
	set := instances(entries)
	if v.begun && slices.EqualFunc(v.told, set, same) {
		return
	}
	v.told, v.begun = set, true
	v.update(slices.Clone(set))
}

// instances converts the entries, sorted by ID. Agents may use an ID that
// another one has; then the node's name is put before it. Entries that nobody
// could dial are the Instancer's to refuse: it knows what they were before.
func instances(entries []*api.ServiceEntry) []sd.Instance {
	set, nodes, count := make([]sd.Instance, 0, len(entries)), make([]string, 0, len(entries)), map[string]int{}
	for _, e := range entries {
		if e == nil || e.Service == nil || e.Node == nil {
			continue
		}
		in := fromConsul(e)
		set, nodes = append(set, in), append(nodes, e.Node.Node)
		count[in.ID]++
	}
	for i := range set {
		if count[set[i].ID] > 1 {
			set[i].ID = nodes[i] + "/" + set[i].ID
		}
	}
	slices.SortFunc(set, func(a, b sd.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return set
}

func same(a, b sd.Instance) bool {
	return a.ID == b.ID && a.Addr == b.Addr && a.Weight == b.Weight && a.Zone == b.Zone && a.Version == b.Version &&
		a.State == b.State && slices.Equal(a.Tags, b.Tags) && maps.Equal(a.Meta, b.Meta)
}
