package sd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// State says what an instance wants from its callers.
type State uint8

// The states of an instance. Only Draining and Critical keep callers away.
const (
	Up       State = iota // takes calls
	Warning               // takes calls, would rather have fewer
	Draining              // takes no new call and is about to leave; a removal after it is believed at once
	Critical              // fails its own health check
)

// String is the state in lower case, as logs and registries spell it.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Warning:
		return "warning"
	case Draining:
		return "draining"
	case Critical:
		return "critical"
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// MarshalText writes the state by its name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name of a state; empty is Up.
func (s *State) UnmarshalText(text []byte) error {
	for state := Up; state <= Critical; state++ {
		if state.String() == string(text) || state == Up && len(text) == 0 {
			*s = state
			return nil
		}
	}
	return fmt.Errorf("state %s is unknown: write up, warning, draining or critical", quote(string(text)))
}

// Instance is one running copy of a service. Only Addr is needed to register;
// the zero value of every other field has a meaning. Instances are values:
// nobody changes the Tags or Meta of one that was given to an update function
// or came out of a Snapshot.
type Instance struct {
	ID      string            `json:"id"`                // unique within the service; Addr if empty (a Registrar makes a unique one from Addr)
	Addr    string            `json:"addr"`              // host:port that clients dial
	Weight  int               `json:"weight,omitempty"`  // share of traffic relative to the others; 1 if zero, at most MaxWeight
	Zone    string            `json:"zone,omitempty"`    // failure domain, such as eu-west-1a
	Version string            `json:"version,omitempty"` // of the running code
	Tags    []string          `json:"tags,omitempty"`    // free labels
	Meta    map[string]string `json:"meta,omitempty"`    // free pairs; a transport's own host:port stands under its name ("http", "grpc")
	State   State             `json:"state,omitempty"`
}

// MetaStarted is the key in Meta of when the instance started, in RFC 3339. A
// Registrar sets it.
const MetaStarted = "started"

// Started is when the instance started, by its own clock; zero if it does not
// say.
func (in Instance) Started() time.Time {
	t, err := time.Parse(time.RFC3339, in.Meta[MetaStarted])
	if err != nil {
		return time.Time{}
	}
	return t
}

// For returns in with Addr replaced by the address that in advertises for
// transport ("http", "grpc"); in itself where it advertises none.
func (in Instance) For(transport string) Instance {
	if addr := in.Meta[transport]; addr != "" {
		in.Addr = addr
	}
	return in
}

// key is what tells in from the other instances of its service.
func (in *Instance) key() string { return cmp.Or(in.ID, in.Addr) }

// equal says whether nothing about the instance has changed. A nil and an
// empty list of Tags or Meta are the same.
func (in *Instance) equal(other *Instance) bool {
	return in.ID == other.ID && in.Addr == other.Addr && in.Weight == other.Weight &&
		in.Zone == other.Zone && in.Version == other.Version && in.State == other.State &&
		slices.Equal(in.Tags, other.Tags) && maps.Equal(in.Meta, other.Meta)
}

func equalSets(a, b []Instance) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].equal(&b[i]) {
			return false
		}
	}
	return true
}
