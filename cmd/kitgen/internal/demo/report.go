package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report is the result of a tour; it is what --json prints.
type report struct {
	Calls      int             `json:"calls"`
	Failed     int             `json:"failed"`
	Retries    int             `json:"retries"`
	P50        float64         `json:"p50_ms"`
	P99        float64         `json:"p99_ms"`
	Replicas   []replicaReport `json:"replicas"`
	Events     []eventReport   `json:"events"`
	Seed       uint64          `json:"seed"`
	FirstError string          `json:"first_error,omitempty"`
}

type replicaReport struct {
	Name     string  `json:"name"`
	Status   status  `json:"status"`
	Attempts int     `json:"attempts"`
	Share    float64 `json:"share"` // of all attempts of the run
}

// eventReport is one fault and how long it took until the traffic followed.
type eventReport struct {
	Name    string  `json:"name"`
	Replica string  `json:"replica,omitempty"`
	AtMs    float64 `json:"at_ms"`
	Noticed float64 `json:"noticed_ms"` // -1 if the run ended first
	What    string  `json:"what"`       // what was waited for
}

// event is a step that was carried out.
type event struct {
	step
	name string        // of the replica
	from time.Duration // when the step was carried out, since the load began
	took time.Duration // of a restart: until the registry was whole again
}

// what says which sight ends the wait that noticed_ms measures.
var whats = map[kind]string{
	kill:    "its traffic moved to the others",
	freeze:  "its traffic moved to the others",
	thaw:    "it was trusted with traffic again",
	stop:    "its traffic moved to the others",
	start:   "it got its first call",
	restart: "it listed every living replica again",
}

func newReport(h *history, replicas []replica, events []event, seed uint64) report {
	s := h.last
	r := report{Calls: s.Calls, Failed: s.Failed, Retries: s.Retries, P50: s.P50, P99: s.P99, Seed: seed, FirstError: s.Error}
	end := msDuration(s.Ms)
	all := max(h.total(nil, end), 1)
	for _, p := range replicas {
		n := h.total(p.addrs(), end)
		r.Replicas = append(r.Replicas, replicaReport{Name: p.name, Status: p.status, Attempts: n, Share: float64(n) / float64(all)})
	}
	for _, e := range events {
		r.Events = append(r.Events, eventReport{
			Name: string(e.kind), Replica: e.name, AtMs: ms(e.from), Noticed: noticed(h, replicas, e), What: whats[e.kind],
		})
	}
	return r
}

// noticed is how long it took until the traffic, or the client, followed.
func noticed(h *history, replicas []replica, e event) float64 {
	var at time.Duration
	var ok bool
	switch e.kind {
	case restart:
		return ms(e.took)
	case thaw, start:
		at, ok = h.firstAttempt(replicas[e.replica].addrs(), e.from)
	default:
		at, ok = h.movedAway(replicas[e.replica].addrs(), len(replicas), e.from)
	}
	if !ok {
		return -1
	}
	return ms(at - e.from)
}

func ms(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond)) / float64(time.Millisecond)
}

// print writes the summary for people. Its last line is the verdict.
func (r report) print(w io.Writer) {
	fmt.Fprintf(w, "\ncalls    %d\nretries  %d\np50      %.1f ms\np99      %.1f ms\n\nshare per replica\n", r.Calls, r.Retries, r.P50, r.P99)
	for _, p := range r.Replicas {
		fmt.Fprintf(w, "  %-10s %-8s %6d  %4.1f %%  %s\n", p.Name, p.Status, p.Attempts, 100*p.Share, strings.Repeat("#", int(100*p.Share+0.5)))
	}
	fmt.Fprintf(w, "\nwhat happened, and how long until the traffic followed\n")
	for _, e := range r.Events {
		took := fmt.Sprintf("%7.0f ms", e.Noticed)
		if e.Noticed < 0 {
			took = "not within the run"
		}
		fmt.Fprintf(w, "  %5.1f s  %-12s %-10s %s  until %s\n", e.AtMs/1000, e.Name, e.Replica, took, e.What)
	}
	if r.FirstError != "" {
		fmt.Fprintf(w, "\nfirst error of a failed call: %s\n", r.FirstError)
	}
	fmt.Fprintf(w, "\nfailed: %d\n", r.Failed)
}
