package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// wireKind is calls from a client to a server, both in this process, over
// loopback: what a service and its clients get of all that.
const wireKind = "e2e"

// echoed is one call: it asks a server, and returns the answer.
type echoed func(ctx context.Context, text string) (string, error)

// line is a client and the servers that it calls, ready to be measured.
type line struct {
	call  echoed
	close func() error // of both; may be nil
}

// row is one line of the report: a line, and what it is called.
type row struct {
	system    string // as its opener is called
	wire      string // grpc or http, and after a dot what is special about it
	instances int    // 1 if zero
	open      func() (line, error)
}

func (r row) name() string { return r.system + "/" + wireKind + "/" + r.wire }

// wireRows lists all rows.
//
// All say the same hundred bytes in the same messages: those that kitgen made
// for package echo, through grpc's own codec for protobuf, or as JSON through
// encoding/json where a system lets one choose. All systems have the defaults
// that their own documentation starts with. The floors have no more than a call
// needs, and no deadline, which all others have but go-kit; the rows of golang
// show what a deadline alone costs.
func wireRows() (all []row) {
	for _, o := range openers() {
		for _, r := range o.wires {
			r.system, r.instances = o.name, max(1, r.instances)
			all = append(all, r)
		}
	}
	return all
}

const (
	wireGRPC = "grpc"
	wireHTTP = "http"
)

// openLine is a row that is being measured.
type openLine struct {
	row
	line
}

// wires measures calls end to end, the rows of one wire after those of another.
func (r *run) wires() {
	if len(r.callers) == 0 {
		return
	}
	start := time.Now()
	for _, wire := range []string{wireGRPC, wireHTTP} {
		var floor *openLine
		var rows []*openLine
		for _, o := range r.chosenLines(wire) {
			l, err := r.openLine(o)
			if err != nil {
				r.fail(o.name(), o.instances, err)
				continue
			}
			defer r.closeLine(l)
			if o.system == floorName {
				floor = l
			} else {
				rows = append(rows, l)
			}
		}
		if floor != nil && len(rows) > 0 {
			r.wire(floor, rows)
		}
	}
	fmt.Fprintf(r.out, "bench: calls end to end measured in %.0f s\n", time.Since(start).Seconds())
}

// chosenLines is what is asked for of a wire, and its floor; nothing if that
// were alone.
func (r *run) chosenLines(wire string) []row {
	all := slices.DeleteFunc(wireRows(), func(o row) bool {
		return wireOf(o.wire) != wire || o.system != floorName && !r.wants(o.name())
	})
	if len(all) < 2 {
		return nil
	}
	return all
}

// openLine opens a row, and has its connections made and its pools filled.
func (r *run) openLine(o row) (*openLine, error) {
	l, err := o.open()
	if err != nil {
		return nil, err
	}
	open := &openLine{o, l}
	if _, err := r.talk.once(l.call, slices.Max(r.callers)); err != nil {
		r.closeLine(open)
		return nil, err
	}
	return open, nil
}

func (r *run) closeLine(l *openLine) {
	if l.close == nil {
		return
	}
	if err := l.close(); err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: close: %w", l.name(), err))
	}
}

// wire measures rows in turns, each between two measurements of the floor.
func (r *run) wire(floor *openLine, rows []*openLine) {
	for range r.wireRounds {
		for _, callers := range r.callers {
			rand.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
			before, ok := r.sayOnce(floor, callers)
			if !ok {
				return
			}
			r.rec.addWire(cell{floor.name(), 1, callers}, before, before)
			for few := range slices.Chunk(rows, fewLines) {
				took := make([]talk, len(few))
				good := make([]bool, len(few))
				for i, l := range few {
					took[i], good[i] = r.sayOnce(l, callers)
				}
				after, ok := r.sayOnce(floor, callers)
				if !ok {
					return
				}
				r.rec.addWire(cell{floor.name(), 1, callers}, after, after)
				for i, l := range few {
					if good[i] {
						r.rec.addWire(cell{l.name(), l.instances, callers}, took[i], before.mean(after))
					}
				}
				before = after
			}
		}
	}
}

// fewLines is how many measurements follow one of the floor and precede the next.
const fewLines = 3

func (r *run) sayOnce(l *openLine, callers int) (talk, bool) {
	if r.dead[l.name()] {
		return talk{}, false
	}
	runtime.GC() // nobody pays for what those before left behind
	got, err := r.talk.once(l.call, callers)
	if err != nil {
		r.fail(l.name(), l.instances, err)
	}
	return got, err == nil
}

var errOtherAnswer = errors.New("the answer is not what was said")
