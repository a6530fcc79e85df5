package conns

// unknown is the room of a system that has no bound on descriptors, or does
// not say.
const unknown = 10_000

// Room is how many connections one server may have unless somebody knows
// better: a quarter of the file descriptors that the process may open. Two
// servers that are full leave half of them: to the clients' own connections, the
// registry's, files and probes.
func Room() int {
	n, ok := descriptors()
	if !ok || n/4 > 1<<20 {
		return unknown
	}
	return max(int(n/4), 1)
}
