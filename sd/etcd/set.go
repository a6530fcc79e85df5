package etcd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/kitgen/kitgen/sd"
)

// entry is what stands under one key.
type entry struct {
	key   string
	stamp stamp
	in    sd.Instance // the last value that could be read
	known bool        // there was one
	bad   error       // why the value that stands there now cannot be read; nil if it can
	size  int         // of that value
	shown bool        // update has had it as Draining
	gone  bool        // deleted, but callers have yet to see it Draining
}

// stamp tells one writing of a key from another, even across clusters, whose
// revisions start over: leases are random.
type stamp struct{ rev, lease int64 }

// set is a service's instances as etcd last told. Changes gather in it until
// publish; it is used by one goroutine.
type set struct {
	prefix      string
	layout      Layout
	quarantined func(reason string)    // counts a value that cannot be read
	refused     func(map[string]error) // hears, before a set is told, of those that cannot be read now
	entries     []*entry               // by key
	size        int                    // of all values
	dirty       bool                   // has something that publish did not tell
	head        head                   // of the cluster that told
}

func newSet(r registry, quarantined func(reason string), refused func(map[string]error)) *set {
	return &set{prefix: r.prefix, layout: r.cfg.Layout, quarantined: quarantined, refused: refused}
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
	if !ok {
		s.entries = slices.Insert(s.entries, i, &entry{key: key})
	}
	e := s.entries[i]
	e.stamp, e.gone = written, false
	in, err := s.read(e, kv.Value)
	s.dirty = s.dirty || err != nil || e.bad != nil // though nobody joins or leaves by it
	e.bad = err
	switch {
	case err != nil: // once per writing, since the stamp is remembered
		s.quarantined(reasonOf(err))
		return true
	case !e.known || !same(e.in, in):
		e.in, e.known = in, true
		e.shown = e.shown && in.State == sd.Draining
		s.dirty = true
	}
	s.size += len(kv.Value) - e.size
	e.size = len(kv.Value)
	return true
}

func (s *set) has(key string) bool {
	_, ok := s.find(key)
	return ok
}

// older tells whether the set has something newer under the key of kv.
func (s *set) older(kv *mvccpb.KeyValue) bool {
	i, ok := s.find(string(kv.Key))
	return ok && !s.entries[i].gone && s.entries[i].stamp.rev > kv.ModRevision
}

func (s *set) read(e *entry, b []byte) (sd.Instance, error) {
	id, err := s.layout.id(s.prefix, e.key)
	if err != nil {
		return sd.Instance{}, err
	}
	if s.size-e.size+len(b) > maxService {
		return sd.Instance{}, badf("total", "the values of this service take more than %d bytes together", maxService)
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
	if e.gone {
		return
	}
	s.dirty = s.dirty || e.known || e.bad != nil
	if e.known && e.in.State == sd.Draining && !e.shown {
		e.gone = true
		return
	}
	s.size -= e.size
	s.entries = slices.Delete(s.entries, i, i+1)
}

// keep removes all but those listed, and returns the keys it removed.
func (s *set) keep(listed map[string]bool) (removed []string) {
	for _, e := range slices.Clone(s.entries) {
		if !listed[e.key] && !e.gone {
			removed = append(removed, e.key)
			s.remove(e.key)
		}
	}
	return removed
}

// publish tells update the instances known now. Those that are gone but had to
// be seen Draining first are forgotten afterwards, which is a change again.
func (s *set) publish(update func([]sd.Instance)) {
	s.dirty = false
	told := make([]sd.Instance, 0, len(s.entries))
	refused := map[string]error{}
	for _, e := range s.entries {
		if e.bad != nil && !e.gone {
			refused[s.nameOf(e)] = fmt.Errorf("key %.128q: %w: register it anew or delete the key", e.key, e.bad)
		}
		if e.known {
			told = append(told, e.in)
			e.shown = e.in.State == sd.Draining
		}
	}
	s.refused(refused)
	update(told)
	before := len(s.entries)
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool {
		if e.gone {
			s.size -= e.size
		}
		return e.gone
	})
	s.dirty = len(s.entries) != before
}

// nameOf is whom an entry is about: what was read of it before, or its key.
func (s *set) nameOf(e *entry) string {
	if e.known {
		return e.in.ID
	}
	if id, err := s.layout.id(s.prefix, e.key); err == nil {
		return id
	}
	return e.key
}

func same(a, b sd.Instance) bool {
	return a.ID == b.ID && a.Addr == b.Addr && a.Weight == b.Weight && a.Zone == b.Zone && a.Version == b.Version &&
		a.State == b.State && slices.Equal(a.Tags, b.Tags) && maps.Equal(a.Meta, b.Meta)
}

// reasonOf is the reason that a *bad in err has.
func reasonOf(err error) string {
	if b, ok := errors.AsType[*bad](err); ok {
		return b.reason
	}
	return "instance"
}
