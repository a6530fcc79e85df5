package kitdebug

import (
	"cmp"
	"slices"

	"github.com/kitgen/kitgen/sd"
)

// client asks the parts of one client. An instance is one row, whichever of them
// know it.
func (g *gathering) client(c Client) {
	shown := client{Name: printable(c.Name), Target: target(c.Target)}
	rows := table{byID: make(map[string]*instance)}
	if c.Instances != nil {
		g.ask(c.Name+": instances", func() { shown.Source = g.source(c, &rows) })
	}
	if c.Pool != nil {
		g.ask(c.Name+": pool", func() { shown.Pool = g.pool(c, &rows) })
		g.ask(c.Name+": picks", func() { g.picked(c, &shown, &rows) })
	}
	if c.Stack != nil {
		g.ask(c.Name+": stack", func() { g.stack(c, &shown, &rows) })
	}
	shown.Instances = rows.first(g.rows)
	shown.Known, shown.Shown = len(rows.all), len(shown.Instances)
	g.clientTroubles(&shown, rows.all)
	g.doc.Clients = append(g.doc.Clients, shown)
}

// table is the instances of a client.
type table struct {
	all  []*instance
	byID map[string]*instance
}

// row returns the one of that instance.
func (t *table) row(in *sd.Instance) *instance {
	if r, ok := t.byID[in.ID]; ok {
		return r
	}
	r := &instance{
		ID: printable(in.ID), Addr: printable(in.Addr), Weight: in.Weight, Zone: printable(in.Zone), Version: printable(in.Version),
		Started: printable(in.Meta[sd.MetaStarted]), State: in.State.String(),
	}
	for _, tag := range in.Tags {
		r.Tags = append(r.Tags, printable(tag))
	}
	t.all, t.byID[in.ID] = append(t.all, r), r
	return r
}

// first returns so many rows: those in trouble before the others, each by ID.
func (t *table) first(n int) []instance {
	for _, r := range t.all {
		r.Trouble = r.inTrouble()
	}
	slices.SortFunc(t.all, func(a, b *instance) int {
		switch {
		case a.Trouble == b.Trouble:
			return cmp.Compare(a.ID, b.ID)
		case a.Trouble:
			return -1
		}
		return 1
	})
	shown := make([]instance, 0, min(n, len(t.all)))
	for _, r := range t.all[:min(n, len(t.all))] {
		shown = append(shown, *r)
	}
	return shown
}
