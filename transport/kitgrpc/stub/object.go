package stub

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// object is a JSON object that is read strictly: what is wrong with a key, and
// every key that nobody asked for, is in the errors of end.
type object struct {
	path   string // of the object, with a dot at the end; empty for the outermost
	fields map[string]json.RawMessage
	known  []string
	errs   *[]error // of the outermost
	inner  []*object
}

func newObject(path string, text []byte) *object {
	o := &object{path: path, errs: new([]error)}
	o.read(text)
	return o
}

func (o *object) read(text []byte) {
	if len(text) == 0 {
		return
	}
	if err := json.Unmarshal(text, &o.fields); err != nil {
		name := strings.TrimSuffix(o.path, ".")
		if name == "" {
			name = "the configuration"
		}
		o.fail("%s is %.60s: write an object, as in {\"key\": value}", name, text)
	}
}

func (o *object) fail(format string, args ...any) {
	*o.errs = append(*o.errs, fmt.Errorf(format, args...))
}

// take returns the value of a key.
func (o *object) take(key string) (json.RawMessage, bool) {
	if !slices.Contains(o.known, key) {
		o.known = append(o.known, key)
	}
	text, ok := o.fields[key]
	return text, ok
}

// has says whether the key is there.
func (o *object) has(key string) bool {
	_, ok := o.take(key)
	return ok
}

// off says whether the key is false, and takes it out then.
func (o *object) off(key string) bool {
	text, ok := o.take(key)
	if !ok || string(text) != "false" {
		return false
	}
	delete(o.fields, key)
	return true
}

// object returns an inner object, which is empty if the key is not there.
func (o *object) object(key string) *object {
	text, _ := o.take(key)
	in := &object{path: o.path + key + ".", errs: o.errs}
	in.read(text)
	o.inner = append(o.inner, in)
	return in
}

// count reads a whole number from 1; 0 if the key is not there.
func (o *object) count(key string) int {
	var n int
	if text, ok := o.take(key); ok && (json.Unmarshal(text, &n) != nil || n < 1 || n > math.MaxInt32) {
		o.fail("%s%s is %.60s: write a whole number from 1, or leave it out", o.path, key, text)
		return 0
	}
	return n
}

// number reads a number above 0 from low to high; 0 if the key is not there.
func (o *object) number(key string, low, high float64) float64 {
	var x float64
	if text, ok := o.take(key); ok && (json.Unmarshal(text, &x) != nil || x < low || x > high || string(text) == "null") {
		o.fail("%s%s is %.60s: write a number from %v to %v, or leave it out", o.path, key, text, low, high)
		return 0
	}
	return x
}

// duration reads a time above 0; 0 if the key is not there.
func (o *object) duration(key string) time.Duration {
	text, ok := o.take(key)
	if !ok {
		return 0
	}
	var s string
	err := json.Unmarshal(text, &s)
	d, parseErr := time.ParseDuration(s)
	if err != nil || parseErr != nil || d <= 0 {
		o.fail(`%s%s is %.60s: write a time above 0, such as "10s" or "0.5s", or leave it out`, o.path, key, text)
		return 0
	}
	return d
}

// text reads a string that is not empty.
func (o *object) text(key string) string {
	var s string
	if text, ok := o.take(key); !ok || json.Unmarshal(text, &s) != nil || s == "" {
		if !ok {
			text = json.RawMessage("not there")
		}
		o.fail("%s%s is %.60s: write a name in quotes", o.path, key, text)
	}
	return s
}

// end returns all errors.
func (o *object) end() error {
	o.strangers()
	return errors.Join(*o.errs...)
}

func (o *object) strangers() {
	for _, key := range slices.Sorted(maps.Keys(o.fields)) {
		if !slices.Contains(o.known, key) {
			slices.Sort(o.known)
			o.fail("there is no setting %.60q: write one of %s%s", o.path+key, o.path, strings.Join(o.known, ", "+o.path))
		}
	}
	for _, in := range o.inner {
		in.strangers()
	}
}
