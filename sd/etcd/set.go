package etcd

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-kit/log"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/kitgen/kitgen/sd"
)

// entry is what stands under one key.
type entry struct {
	key   string
	stamp stamp
	in    sd.Instance // the last value that could be read
	known bool        // there was one
	shown bool        // update has had it as Draining
	gone  bool        // deleted, but callers have yet to see it Draining
}

// stamp tells one writing of a key from another, even across clusters, whose
// revisions start over: leases are random.
type stamp struct{ rev, lease int64 }

// set is a service's instances as etcd last told. Changes gather in it until
// publish; it is used by one goroutine.
type set struct {
	prefix  string
	logger  log.Logger
	entries []*entry // by key
	dirty   bool     // has something that publish did not tell
}

func (s *set) find(key string) (int, bool) {
	return slices.BinarySearchFunc(s.entries, key, func(e *entry, key string) int { return strings.Compare(e.key, key) })
}

// put takes in a value and says whether it is news. One that cannot be read
// leaves the last good one.
func (s *set) put(kv *mvccpb.KeyValue) (news bool) {
	key, written := string(kv.Key), stamp{kv.ModRevision, kv.Lease}
	i, ok := s.find(key)
	if ok && s.entries[i].stamp == written {
		return false
	}
	in, err := s.read(key, kv.Value)
	if !ok {
		s.entries = slices.Insert(s.entries, i, &entry{key: key})
	}
	e := s.entries[i]
	e.stamp, e.gone = written, false
	switch {
	case err != nil: // once per writing, since the stamp is remembered
		_ = s.logger.Log("msg", "instance ignored: its value is bad; register it anew or delete the key",
			"key", key, "revision", written.rev, "err", err, "last_good_kept", e.known)
	case !e.known || !same(e.in, in):
		e.in, e.known = in, true
		e.shown = e.shown && in.State == sd.Draining
		s.dirty = true
	}
	return true
}

func (s *set) read(key string, b []byte) (sd.Instance, error) {
	id, err := idOf(s.prefix, key)
	if err != nil {
		return sd.Instance{}, err
	}
	return decode(id, b)
}

// remove takes in that a key was deleted. What says Draining in a change that
// was not published yet stays until it was: callers believe a removal at once
// only if they saw it coming.
func (s *set) remove(key string) {
	i, ok := s.find(key)
	if !ok {
		return
	}
	e := s.entries[i]
	s.dirty = s.dirty || e.known
	if e.known && e.in.State == sd.Draining && !e.shown {
		e.gone = true
		return
	}
	s.entries = slices.Delete(s.entries, i, i+1)
}

// replace takes in a complete list. It returns how many values were news that
// had been written by revision seen.
func (s *set) replace(kvs []*mvccpb.KeyValue, seen int64) (missed int) {
	listed := make(map[string]bool, len(kvs))
	for _, kv := range kvs {
		listed[string(kv.Key)] = true
		if s.put(kv) && kv.ModRevision <= seen {
			missed++
		}
	}
	for _, e := range slices.Clone(s.entries) {
		if !listed[e.key] {
			s.remove(e.key)
		}
	}
	return missed
}

// publish tells update the instances known now. Those that are gone but had to
// be seen Draining first are forgotten afterwards, which is a change again.
func (s *set) publish(update func([]sd.Instance)) {
	s.dirty = false
	told := make([]sd.Instance, 0, len(s.entries))
	for _, e := range s.entries {
		if e.known {
			told = append(told, e.in)
			e.shown = e.in.State == sd.Draining
		}
	}
	update(told)
	before := len(s.entries)
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool { return e.gone })
	s.dirty = len(s.entries) != before
}

func same(a, b sd.Instance) bool {
	return a.ID == b.ID && a.Addr == b.Addr && a.Weight == b.Weight && a.Zone == b.Zone && a.Version == b.Version &&
		a.State == b.State && slices.Equal(a.Tags, b.Tags) && maps.Equal(a.Meta, b.Meta)
}
