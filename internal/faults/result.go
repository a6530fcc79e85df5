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
	OK         *bool    `json:"ok"` // null if it could not be run
	Violations []string `json:"violations,omitempty"`
	Notes      []string `json:"notes,omitempty"`
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

func writeJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
