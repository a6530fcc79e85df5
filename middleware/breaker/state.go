package breaker

import "fmt"

// State is what a circuit does with calls.
type State uint8

// The states of a circuit.
const (
	Closed   State = iota // calls go through
	Open                  // calls are rejected
	HalfOpen              // one call probes, the others are rejected
)

// String returns the state's name in lower case.
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	default:
		return fmt.Sprintf("state %d", uint8(s))
	}
}
