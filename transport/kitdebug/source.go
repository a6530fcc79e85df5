package kitdebug

import (
	"github.com/kitgen/kitgen/sd"
)

// source asks sd.Instancer.
func (g *gathering) source(c Client, rows *table) *source {
	e := c.Instances.Explain()
	s := &source{State: e.Source.String(), Error: errorText(e.Err)}
	for i := range e.Fates {
		f := &e.Fates[i]
		r := rows.row(&f.Instance)
		r.Listed = &listed{In: f.In, State: f.Instance.State.String(), Why: short(f.Why), Since: e.At.Sub(f.Since).Seconds()}
		if f.In {
			s.Instances++
			continue
		}
		s.Removed++
		r.State = out
	}
	if k, ok := c.Instances.(interface{ Stats() sd.Stats }); ok {
		stats := k.Stats()
		age := stats.Age.Seconds()
		s.Age, s.Held = &age, &stats.Held
	}
	return s
}
