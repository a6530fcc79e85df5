package conns

const (
	unknown = 10_000  // the room of a system that does not say how many descriptors there are
	most    = 1 << 20 // and of one that has no bound on them: memory has
)

// Room is how many connections one server may have unless somebody knows
// better: a quarter of the file descriptors that the process may open, though
// no more than a million. Two servers that are full leave half of them: to the
// clients' own connections, the registry's, files and probes.
func Room() int {
	n, ok := descriptors()
	if !ok {
		return unknown
	}
	return quarter(n)
}

func quarter(n uint64) int { return int(max(1, min(n/4, most))) }
