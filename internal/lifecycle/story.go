package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kitgen/kitgen/internal/timeline"
	"github.com/kitgen/kitgen/transport"
)

// story is what a service has to say of its life, and what was seen of it from
// outside.
type story struct {
	process *process
	steps   []transport.Step

	from, term, ended, to time.Time // from and to are what is drawn
}

// The states of a process, as the picture has patterns for them.
const (
	starting = "stale"
	serving  = "up"
	leaving  = "draining"
	draining = "down"
)

// tell makes a recording of what everybody has noted, once they have ended.
func (s *stage) tell(st *story) *timeline.Recording {
	p, rec := st.process, &timeline.Recording{From: st.from, To: st.to}
	rec.Title = "A life: nobody is sent to it before it answers, and it stays until nobody is sent any more"
	rec.Note = fmt.Sprintf("%d calls a second over HTTP and %d over gRPC, each %d ms of work.", rate, rate, work/time.Millisecond)
	rec.Bin = 100 * time.Millisecond
	rec.Legend = map[string]string{
		starting: "not ready", serving: "there", leaving: "leaving", draining: "accepts no more",
	}
	rec.Registry.Set(rec.From, serving)
	rec.Source.Set(rec.From, serving)
	rec.Marks = st.marks(p.started)
	rec.Zero = p.started
	for _, c := range s.callers {
		rec.Calls = append(rec.Calls, c.calls...)
	}
	one := s.lane(p, leaver)
	one.Bands = []timeline.Band{{Caption: "process", Track: st.track(p.started), Words: map[string]string{
		starting: "starts", serving: "serves", leaving: "serves, while callers go", draining: "drains",
	}}}
	rec.Lanes = []timeline.Lane{one, s.lane(s.others[0], stayer)}
	if calls := s.callers[0].to(p.first.HTTP); len(calls) > 0 {
		rec.Marks = append(rec.Marks, timeline.Mark{At: calls[0].At, Label: "first call", Lane: leaver})
	}
	slices.SortFunc(rec.Marks, func(a, b timeline.Mark) int { return a.At.Compare(b.At) })
	return rec
}

func (s *stage) lane(p *process, id string) timeline.Lane {
	return timeline.Lane{
		ID:     id,
		Listed: at(s.listed, id),
		Known:  at(s.callers[0].known, id),
		Bars: []timeline.Bars{
			{Caption: "HTTP calls", Calls: s.callers[0].to(p.first.HTTP)},
			{Caption: "gRPC calls", Calls: s.callers[1].to(p.first.GRPC)},
		},
	}
}

func at(tracks map[string]*timeline.Track, id string) timeline.Track {
	if t := tracks[id]; t != nil {
		return *t
	}
	return nil
}

// step returns the last of a name.
func (st *story) step(name string) (found transport.Step) {
	for _, s := range st.steps {
		if s.Name == name {
			found = s
		}
	}
	return found
}

// over is when all steps of a name were.
func (st *story) over(name string) (end time.Time) {
	for _, s := range st.steps {
		if e := s.At.Add(s.Took); s.Name == name && e.After(end) {
			end = e
		}
	}
	return end
}

// track is what the process is about.
func (st *story) track(started time.Time) (t timeline.Track) {
	t.Set(started, starting)
	t.Set(st.step("ready").At, serving)
	t.Set(st.step("stopping").At, leaving)
	t.Set(st.step("drain").At, draining)
	t.Set(st.ended, "")
	return t
}

func (st *story) marks(started time.Time) []timeline.Mark {
	marks := []timeline.Mark{
		{At: started, Label: "process starts"},
		{At: st.over("self-probe"), Label: "self-probes answered"},
		{At: st.over("registration"), Label: "registered"},
		{At: st.term, Label: "SIGTERM"},
		{At: st.over("deregistration"), Label: "deregistered"},
		{At: st.over("propagation"), Label: strings.Replace(st.step("propagation").Why, "removal seen, and", "removal seen,", 1)},
		{At: st.over("drain"), Label: "last call answered"},
		{At: st.ended, Label: "exit"},
	}
	for i := range marks {
		marks[i].Lane = leaver
	}
	return marks
}
