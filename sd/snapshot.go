package sd

// Snapshot is what an Instancer knows at one moment. Nobody changes it.
type Snapshot struct {
	Instances []Instance // sorted by ID, without duplicates of an ID or of an Addr
	Synced    bool       // false until the registry has answered once
	Held      int        // how many of Instances are there only because Protection keeps them
	Err       error      // why the source is stale; nil while it is healthy
}

// Source is an Instancer that hands out whole instances, not only addresses.
// Snapshot returns what is known now, and a channel that is closed when
// something newer is known: readers always get the latest state and a slow
// one delays nobody.
type Source interface {
	Snapshot() (Snapshot, <-chan struct{})
}
