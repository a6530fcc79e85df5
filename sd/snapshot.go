package sd

import "time"

// Snapshot is what an Instancer knows at one moment. Nobody changes it.
type Snapshot struct {
	Instances []Instance // sorted by ID, without duplicates of an ID or of an Addr
	Synced    bool       // false until the registry has answered once
	Held      int        // how many of Instances are there only because Protection keeps them
	Err       error      // why the source is stale; nil while it is healthy
	Saved     time.Time  // when Instances were written to InstancerConfig.SnapshotFile, if they come from there; else zero
}

// Source says how current the snapshot is.
func (s Snapshot) Source() SourceState {
	switch {
	case !s.Synced && s.Saved.IsZero():
		return Starting
	case !s.Synced:
		return Restored
	case s.Err != nil:
		return Stale
	}
	return Fresh
}

// SourceState says where a set of instances comes from.
type SourceState uint8

// The states of a source, for a gauge: higher is worse, but for the first.
const (
	Starting SourceState = iota // the registry has not answered yet
	Fresh                       // the registry answers, and this is what it says
	Stale                       // the registry does not answer; this is what it last said
	Restored                    // the registry has not answered yet; this is what an earlier run knew
)

// String is the state in lower case.
func (s SourceState) String() string {
	switch s {
	case Fresh:
		return "fresh"
	case Stale:
		return "stale"
	case Restored:
		return "restored"
	default:
		return "starting"
	}
}

// Source is an Instancer that hands out whole instances, not only addresses.
// Snapshot returns what is known now, and a channel that is closed when
// something newer is known: readers always get the latest state and a slow
// one delays nobody.
type Source interface {
	Snapshot() (Snapshot, <-chan struct{})
}
