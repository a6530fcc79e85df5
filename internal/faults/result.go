package main

import (
	"encoding/json"
	"io"
)

// result is what came of a row, as a document.
type result struct {
	Row        string   `json:"row"`
	Fault      string   `json:"fault"`
	Then       string   `json:"then"`
	BoundMS    int64    `json:"bound_ms"`
	MeasuredMS int64    `json:"measured_ms"`
	Calls      int      `json:"calls"`
	Failed     int      `json:"failed_calls"`
	HandedOver int      `json:"handed_over,omitempty"` // streams that ended as they may, and went on elsewhere
	HaltedMS   int64    `json:"halted_ms,omitempty"`   // for which the row's process did not run, since the machine had no time for it
	OK         *bool    `json:"ok"`                    // null if it could not be run
	Violations []string `json:"violations,omitempty"`
	Notes      []string `json:"notes,omitempty"`
	Again      string   `json:"again,omitempty"`   // why this is a second try
	NotRun     string   `json:"not_run,omitempty"` // why
}

func newResult(r row) result {
	return result{Row: r.name, Fault: r.fault, Then: r.then, BoundMS: r.bound.Milliseconds()}
}

// verdict sets OK from the violations.
func (r *result) verdict() {
	ok := len(r.Violations) == 0
	r.OK = &ok
}

func (r *result) failed() bool { return r.OK != nil && !*r.OK }

// unfair tells that a row failed while it was itself halted: what it measured
// says something about the machine.
func (r *result) unfair() bool { return r.failed() && r.HaltedMS > 0 }

func writeJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
