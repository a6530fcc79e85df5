package etcd

import "maps"

// Stats counts what a Watcher has been through since it was made.
type Stats struct {
	Lists     int64 // complete lists read: one for each watch, and one for each Resync
	Stale     int64 // lists of a member that might be behind, for want of a quorum
	Missed    int64 // changes that a list had and the watch should have told; etcd lost them
	Rollbacks int64 // times that another cluster, or an older state of this one, answered

	// Quarantined counts values that could not be read, once per writing, by
	// reason: "key", "size", "total", "syntax", "version" or "instance".
	Quarantined map[string]int64
}

// Stats returns the counts as they are now. A Watcher that is made by
// NewWatcher and given to sd.NewInstancer stays at hand for this.
func (w *Watcher) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Quarantined = maps.Clone(s.Quarantined)
	return s
}

func (w *Watcher) count(edit func(*Stats)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	edit(&w.stats)
}

func (w *Watcher) quarantined(reason string) {
	w.count(func(s *Stats) {
		if s.Quarantined == nil {
			s.Quarantined = map[string]int64{}
		}
		s.Quarantined[reason]++
	})
}

func (w *Watcher) refuse(refused map[string]error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = refused
}

// Refused returns the values that could not be read when the last set was told,
// each with the reason: by the ID of its instance, or by its key where that is
// what cannot be read. An Instancer counts, logs and explains them.
func (w *Watcher) Refused() map[string]error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused // never changed
}

// String says what is watched.
func (w *Watcher) String() string { return "etcd " + w.prefix }
