package sd

// State says what an instance wants from its callers.
type State uint8

// The states of an instance. Only Draining and Critical keep callers away.
const (
	Up       State = iota // takes calls
	Warning               // takes calls, would rather have fewer
	Draining              // takes no new call and is about to leave; a removal after it is believed at once
	Critical              // fails its own health check
)

// Instance is one running copy of a service. Only Addr is needed to register;
// the zero value of every other field has a meaning. Instances are values:
// nobody changes the Tags or Meta of one that came out of a Snapshot.
type Instance struct {
	ID      string            // unique within the service; Addr if empty
	Addr    string            // host:port that clients dial
	Weight  int               // share of traffic relative to the others; 1 if zero
	Zone    string            // failure domain, such as eu-west-1a
	Version string            // of the running code
	Tags    []string          // free labels
	Meta    map[string]string // free pairs; a transport's own host:port stands under its name ("http", "grpc")
	State   State
}

// For returns in with Addr replaced by the address that in advertises for
// transport ("http", "grpc"); in itself where it advertises none.
func (in Instance) For(transport string) Instance {
	if addr := in.Meta[transport]; addr != "" {
		in.Addr = addr
	}
	return in
}
