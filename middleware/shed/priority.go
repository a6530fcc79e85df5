package shed

import "context"

// Priority says who is turned away first.
type Priority int8

// The priorities. What is beyond them counts as the nearest.
const (
	Sheddable Priority = -1 // prefetches, batch jobs, retries of others: nobody waits for it
	Normal    Priority = 0
	Critical  Priority = 1 // health checks, payments: turned away last
)

const priorities = 3

// index returns where p stands, the lowest first.
func (p Priority) index() int { return int(min(max(p, Sheddable), Critical) - Sheddable) }

type priorityKey struct{}

// WithPriority returns a context whose calls have the priority p, unless
// Config.Priority says otherwise. A server does this for what it knows of a
// caller before New sees the call; it does not travel over the wire by itself.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// priorityOf is the default of Config.Priority.
func priorityOf(ctx context.Context, _ any) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}
