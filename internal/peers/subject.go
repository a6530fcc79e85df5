package main

// subject is one algorithm of one system, ready to be measured.
type subject struct {
	system, policy string

	// pick and call do so many operations, and fail if one of them does. They
	// are the loop itself, so that what is measured has no more than its own
	// call around it. Those that are not single are run by several goroutines
	// at once. call is nil where nothing is told of a call's end.
	pick, call func(ops int) error
	single     bool

	// add and remove change the set by one instance, and return once a pick
	// finds it so. They take turns. Both are nil where that is not measured.
	add, remove func() error
	settle      func() error        // after changes: what picks need that follow; may be nil
	stall       func(ops int) error // picks to be timed beside changes; may be nil
	bare        bool                // a change costs the policy nothing of its own

	close func() // may be nil
}

// opener builds subjects over n instances.
type opener struct {
	name      string
	open      func(n int) ([]*subject, error)
	quadratic bool // setting up takes time by the square of n: large sets only on request
}

// openers lists the systems, the floor first. A new balancer of ours is one
// line in the table of ours.go.
func openers() []opener {
	return []opener{
		{name: floorName, open: openFloor},
		{name: "kitgen", open: openOurs},
		{name: "gokit", open: openGoKit},
		{name: "grpc", open: openGRPC},
		{name: "kratos", open: openKratos},
		{name: "gozero", open: openGoZero, quadratic: true},
		{name: "kitex", open: openKitex},
	}
}

// name of what is measured: system/kind/policy.
func (s *subject) name(kind string) string {
	name := s.system + "/" + kind
	if s.policy != "" {
		name += "/" + s.policy
	}
	return name
}

// change is the name of an update: system/update/add, and after a dot the
// policy that had to take it in as well.
func (s *subject) change(what string) string {
	name := s.system + "/update/" + what
	if s.policy != "" && !s.bare {
		name += "." + s.policy
	}
	return name
}
