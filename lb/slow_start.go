package lb

// tooCold says, by chance, whether a pick should pass over a node that is in
// slow start.
func (n *node) tooCold() bool { return false }
