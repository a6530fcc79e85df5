package dev

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// row is one unit as ps shows it.
type row struct {
	Name  string    `json:"name"`
	State state     `json:"state"`
	Since time.Time `json:"since"`
	PID   int       `json:"pid,omitempty"` // while there is a process
	HTTP  string    `json:"http,omitempty"`
	GRPC  string    `json:"grpc,omitempty"`
	Addrs []string  `json:"addrs,omitempty"` // those and, of processes before, what it had
}

// rows is every unit as it is now.
func (s *session) rows() []row { return s.rowsOf(s.units()) }

func (s *session) rowsOf(units []*unit) []row {
	var rows []row
	for _, u := range units {
		rows = append(rows, s.row(u))
	}
	return rows
}

func (s *session) row(u *unit) row {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := row{Name: u.name, State: u.state, Since: u.since, Addrs: u.addrs}
	if u.now != nil && u.state.running() {
		r.PID, r.HTTP, r.GRPC = u.now.PID(), u.now.http, u.now.grpc
	}
	return r
}

// printRows is ps.
func printRows(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSTATE\tPID\tHTTP\tGRPC")
	for _, r := range rows {
		pid := "-"
		if r.PID != 0 {
			pid = fmt.Sprint(r.PID)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Name, r.State, pid, cmp.Or(r.HTTP, "-"), cmp.Or(r.GRPC, "-"))
	}
	return t.Flush()
}

// welcome says what there is and what to type.
func (s *session) welcome() {
	registry, _ := sd.ParseTarget(s.registry) // it was opened; printed so, it shows no password
	s.book.say("registry  %s", registry)
	for _, f := range s.fleets {
		if f.door != nil {
			s.book.say("%s answers HTTP at %s, whoever of its replicas is there", f.name, f.door.addr)
		}
	}
	for _, f := range s.fleets {
		for _, line := range f.tries(len(s.fleets) > 1) {
			s.book.say("try       %s", line)
		}
	}
	s.book.say("commands  type help, or use kitgen dev ps, kill, ... in another terminal; Ctrl-C ends it all")
}

// help is what can be typed at the prompt.
func help() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "ps\tShow what runs")
	for _, v := range verbs() {
		fmt.Fprintf(t, "%s\t%s\n", strings.TrimSpace(v.name+" "+v.args), v.short)
	}
	fmt.Fprintln(t, "call METHOD ...\tCall a method, as kitgen call does")
	_ = t.Flush() // to memory
	return b.String()
}
