package sd

import "context"

// Watcher is the reading half of a registry backend, bound to one service.
//
// Watch calls update with every full set of instances, never with a delta,
// until ctx ends or the watch breaks, and returns why. A service that has no
// instance is an empty set, not silence. Watch blocks, starts no goroutine
// that outlives it, returns promptly once ctx ends, and does not retry: the
// Instancer above it owns retry, backoff and protection. An instance that is
// about to leave must be seen Draining in one set before it is missing from
// the next, where the registry allows that.
//
// update does not block and copies the slice; order does not matter. What it
// cannot use (an address that is none) it reports and leaves out. A Watcher that
// leaves out entries of its own accord, because it cannot read them, or tells
// what they were before, may have two more methods, safe for concurrent use:
// Refused() map[string]error, by ID, as of the set last told and not changed
// later, so that the Instancer counts, logs and explains them; and String(),
// which names what is watched in a snapshot file.
type Watcher interface {
	Watch(ctx context.Context, update func([]Instance)) error
}

// Holder is the writing half of a registry backend, bound to one service.
//
// Hold registers in, calls held once the registry has confirmed it, and keeps
// the registration alive until ctx ends, when it marks the instance Draining
// and removes it (within two seconds, and returns nil if that worked), or
// until the registration is lost beyond its own means, when it returns why.
// It blocks, starts no goroutine that outlives it, and leaves retrying to the
// Registrar above it. held may be called again after a silent repair. Several
// instances may be held through one Holder at once.
type Holder interface {
	Hold(ctx context.Context, in Instance, held func()) error
}
