package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// faults collects what is wrong with a file, so that one look mends all of it.
type faults struct {
	file string
	all  []error
}

func (f *faults) add(line int, key, format string, args ...any) {
	f.all = append(f.all, fmt.Errorf("%s:%d: %s: %s", f.file, line, key, fmt.Sprintf(format, args...)))
}

func (f *faults) err() error { return errors.Join(f.all...) }

// object is a JSON object while its keys are read. A key that is there but wrong
// is reported, and read as if it were not.
type object struct {
	*faults

	path string // to it, ending in a dot unless empty
	v    *value
	read []string
}

// asObject makes an object of v, an empty one if v is something else.
func (f *faults) asObject(v *value, path string) *object {
	o := &object{faults: f, path: path, v: v}
	if v.members == nil {
		f.add(v.line, strings.TrimSuffix(path, "."), "%s: must be an object, in braces", v.what())
		o.v = &value{line: v.line}
	}
	if path != "" {
		o.path = path + "."
	}
	return o
}

// get returns the value of a key, or nil.
func (o *object) get(key string) *value {
	o.read = append(o.read, key)
	return o.v.members[key]
}

// bad reports a value.
func (o *object) bad(v *value, key, format string, args ...any) {
	o.add(v.line, o.path+key, "%s: %s", v.what(), fmt.Sprintf(format, args...))
}

// missing reports that a key is not there.
func (o *object) missing(key, format string, args ...any) {
	o.add(o.v.line, o.path+key, "is missing: %s", fmt.Sprintf(format, args...))
}

// end reports the keys that nobody has read.
func (o *object) end() {
	for _, key := range o.v.keys {
		if !slices.Contains(o.read, key) {
			known := slices.Clone(o.read)
			slices.Sort(known)
			o.add(o.v.members[key].line, o.path+key, "nobody knows this key here: remove it, or write one of %s", strings.Join(slices.Compact(known), ", "))
		}
	}
}

func (o *object) text(key string) string {
	v := o.get(key)
	if v == nil {
		return ""
	}
	s, ok := v.scalar.(string)
	if !ok {
		o.bad(v, key, "must be text, in quotes")
	}
	return s
}

// oneOf returns the text of a key that must be among words; "" if there is none.
func (o *object) oneOf(key string, words ...string) string {
	v, s := o.v.members[key], o.text(key)
	if s == "" && v == nil || slices.Contains(words, s) {
		return s
	}
	if _, ok := v.scalar.(string); ok {
		o.bad(v, key, "must be one of %s", strings.Join(words, ", "))
	}
	return ""
}

func (o *object) flag(key string) bool {
	v := o.get(key)
	if v == nil {
		return false
	}
	b, ok := v.scalar.(bool)
	if !ok {
		o.bad(v, key, "must be true or false, without quotes")
	}
	return b
}

// number returns a number in [least, most], or 0 if the key is not there.
func (o *object) number(key string, least, most float64) float64 {
	v := o.get(key)
	if v == nil {
		return 0
	}
	x, _ := o.numberOf(v, key, least, most)
	return x
}

func (o *object) numberOf(v *value, key string, least, most float64) (float64, bool) {
	n, ok := v.scalar.(json.Number)
	x, err := n.Float64()
	if !ok || err != nil || !(x >= least && x <= most) {
		o.bad(v, key, "must be a number from %g to %g", least, most)
		return 0, false
	}
	return x, true
}

// whole returns a whole number in [1, most], or 0 if the key is not there.
func (o *object) whole(key string, most int) int {
	v := o.get(key)
	if v == nil {
		return 0
	}
	x, _ := o.wholeOf(v, key, most)
	return x
}

func (o *object) wholeOf(v *value, key string, most int) (int, bool) {
	n, ok := v.scalar.(json.Number)
	x, err := n.Float64()
	if !ok || err != nil || x != math.Trunc(x) || x < 1 || x > float64(most) {
		o.bad(v, key, "must be a whole number from 1 to %d", most)
		return 0, false
	}
	return int(x), true
}

// span returns a time in [least, most], or 0 if the key is not there.
func (o *object) span(key string, least, most time.Duration) time.Duration {
	v := o.get(key)
	if v == nil {
		return 0
	}
	d, _ := o.spanOf(v, key, least, most)
	return d
}

func (o *object) spanOf(v *value, key string, least, most time.Duration) (time.Duration, bool) {
	s, ok := v.scalar.(string)
	d, err := time.ParseDuration(s)
	switch {
	case !ok || err != nil:
		o.bad(v, key, `must be a time with its unit, in quotes, such as "250us", "10ms" or "2s"`)
	case d < least || d > most:
		o.bad(v, key, "must be from %s to %s", least, most)
	default:
		return d, true
	}
	return 0, false
}

// pair returns the two items of a key, or nil if it is not there.
func (o *object) pair(key string) []*value {
	v := o.get(key)
	switch {
	case v == nil:
		return nil
	case !v.list || len(v.items) != 2:
		o.bad(v, key, "must be a list of two: from and to")
		return nil
	}
	return v.items
}

// list returns the items of a key.
func (o *object) list(key string) []*value {
	v := o.get(key)
	if v == nil {
		return nil
	}
	if !v.list {
		o.bad(v, key, "must be a list, in brackets")
	}
	return v.items
}
