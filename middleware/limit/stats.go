package limit

// Stats is what a limit is now.
type Stats struct {
	Limit    int // calls that may be in flight at a time
	InFlight int
	Moves    int // how often Limit has changed
}

func (s *server) stats() Stats {
	return Stats{s.window.Load().limit, s.slots.inflight(), int(s.moves.Load())}
}

func (c *client) stats() Stats {
	return Stats{c.step.Load().limit, c.slots.inflight(), int(c.moves.Load())}
}
