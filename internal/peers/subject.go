package main

import "runtime"

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

	around func(ops int) error // a call with the policy around it; may be nil
	beside string              // the name of the row it is also set against; may be empty
	limits limits

	close func() // may be nil
}

// opener builds the subjects of a system: those over n instances, and those
// around a call, and end to end. Any may be nil.
type opener struct {
	name      string
	open      func(n int) ([]*subject, error)
	around    func() ([]layer, error)
	wires     []row // calls end to end; their system is the name
	quadratic bool  // setting up takes time by the square of n: large sets only on request
}

// openers lists the systems, the floor first. A new balancer of ours is one
// line in the table of ours.go, and a new policy one in around_ours.go.
func openers() []opener {
	return []opener{
		{name: floorName, open: openFloor, around: aroundFloor, wires: []row{{wire: wireGRPC, open: openBareGRPC}, {wire: wireHTTP, open: openBareHTTP}}},
		{name: oursName, open: openOurs, around: aroundOurs, wires: oursWires()},
		{name: "gokit", open: openGoKit, around: aroundGoKit, wires: []row{{wire: wireGRPC, open: openGoKitGRPC}, {wire: wireHTTP, open: openGoKitHTTP}}},
		{name: "gobreaker", around: aroundGobreaker},
		{name: "failsafe", around: aroundFailsafe},
		{name: "grpc", open: openGRPC},
		{name: "kratos", open: openKratos, around: aroundKratos, wires: []row{{wire: wireGRPC, open: openKratosGRPC}, {wire: wireHTTP, open: openKratosHTTP}}},
		{name: "aegis", around: aroundAegis},
		{name: "gozero", open: openGoZero, around: aroundGoZero, wires: []row{{wire: wireGRPC, open: openGoZeroGRPC}, {wire: wireHTTP, open: openGoZeroHTTP}}, quadratic: true},
		{name: "kitex", open: openKitex, wires: []row{{wire: wireGRPC, open: openKitexGRPC}}},
		{name: golangName, around: aroundGolang, wires: golangWires()},
	}
}

func closeAll(subjects []*subject) {
	for _, s := range subjects {
		if s.close != nil {
			s.close()
		}
	}
	runtime.GC()
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
