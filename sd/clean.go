package sd

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// fault is one entry of a registry that could not be used.
type fault struct {
	id  string
	err error
}

// clean turns what a backend reported into what can be relied on: addresses
// for transport (as registered if empty), IDs filled in, weights within their
// range, sorted by ID, one entry per ID. The order of set makes no difference.
// What cannot be used is left out and returned as faults, sorted by ID; the
// others stay. It keeps no hold of set and does not change it.
func clean(set []Instance, transport string) (good []Instance, faults []fault) {
	good = make([]Instance, 0, len(set))
	for _, in := range set {
		in.ID = in.key() // before For: the ID is the registry's, whatever the transport
		if transport != "" {
			in = in.For(transport)
		}
		if err := in.usable(); err != nil {
			faults = append(faults, fault{in.ID, err})
			continue
		}
		in.Weight = min(max(in.Weight, 0), MaxWeight)
		if in.State > Critical { // from a newer version of the world; be careful with it
			in.State = Critical
		}
		good = append(good, in)
	}
	byID := func(a, b Instance) int { return strings.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(good, byID) {
		slices.SortFunc(good, byID)
	}
	slices.SortFunc(faults, func(a, b fault) int {
		return cmp.Or(strings.Compare(a.id, b.id), strings.Compare(a.err.Error(), b.err.Error()))
	})
	return mergeIDs(good), faults
}

// mergeIDs keeps the preferred of neighbours that share an ID.
func mergeIDs(sorted []Instance) []Instance {
	merged := sorted[:0]
	for _, in := range sorted {
		last := len(merged) - 1
		switch {
		case last < 0 || merged[last].ID != in.ID:
			merged = append(merged, in)
		case prefer(&in, &merged[last]) < 0:
			merged[last] = in
		}
	}
	return merged
}

// prefer orders entries that claim the same ID or the same address: who takes
// calls comes first, then whatever order is the same for every reader.
func prefer(a, b *Instance) int {
	return cmp.Or(
		cmp.Compare(reluctance(a.State), reluctance(b.State)),
		strings.Compare(a.ID, b.ID),
		strings.Compare(a.Addr, b.Addr),
		-cmp.Compare(a.Weight, b.Weight),
		strings.Compare(a.Zone, b.Zone),
		strings.Compare(a.Version, b.Version),
		slices.Compare(a.Tags, b.Tags),
		slices.Compare(pairs(a.Meta), pairs(b.Meta)),
	)
}

// reluctance ranks states by how little they want calls. An instance that
// leaves comes last: at its address the one that stays is the one to call.
func reluctance(s State) int {
	switch s {
	case Up:
		return 0
	case Warning:
		return 1
	case Critical:
		return 2
	default:
		return 3
	}
}

func pairs(meta map[string]string) []string {
	list := make([]string, 0, 2*len(meta))
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		list = append(list, key, meta[key])
	}
	return list
}
