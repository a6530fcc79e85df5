package main

import (
	"regexp"
	"time"
)

// row is one line of the matrix.
type row struct {
	name  string // number of the fault in the matrix, and which registry or case
	fault string // what is done
	then  string // what must be the case within the bound
	bound time.Duration
	alone bool         // it needs the whole machine
	sized bool         // its length is the -soak flag's
	needs func() error // why it cannot run here; it can if nil
	run   func(*trial)
}

// matching returns the rows whose name and fault match.
func matching(all []row, pattern *regexp.Regexp) (some []row) {
	for _, r := range all {
		if pattern.MatchString(r.name + " " + r.fault) {
			some = append(some, r)
		}
	}
	return some
}

// named returns the row of that name.
func named(all []row, name string) (row, bool) {
	for _, r := range all {
		if r.name == name {
			return r, true
		}
	}
	return row{}, false
}
