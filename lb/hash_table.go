package lb

import (
	"math/bits"
	"net/netip"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// hashTable maps the hash of a key to a node, the same one in every process
// that has the same instances. It is immutable and its lookups allocate nothing.
type hashTable interface {
	// at returns an index into the IDs that the table was built from. try 0 is
	// where the key is at home. The others, in order, are where it goes while
	// that node cannot be used: first, for tries below hops, nodes in proportion
	// to their weights, possibly one twice; then each node once. at returns -1
	// from try hops plus number of nodes on, that is, when all have been named.
	at(key uint64, try int) int
}

// hops is how many tries of a key are spread by weight. With half of the nodes
// unusable, one key in 256 needs more.
const hops = 8

// hashKey hashes a key: XXH64 with seed 0 (Collet), which gives the same number
// on every architecture.
func hashKey(key string) uint64 { return xxhash.Sum64String(key) }

// hashID hashes an ID. One that is an address is hashed in its canonical form,
// since some write [2001:DB8:0::1]:80 for [2001:db8::1]:80.
func hashID(id string) uint64 { return hashKey(canonical(id)) }

// canonical writes an IPv6 address with a port in its one short form; anything
// else it returns as it is.
func canonical(addr string) string {
	if strings.HasPrefix(addr, "[") {
		if ip, err := netip.ParseAddrPort(addr); err == nil {
			return ip.String()
		}
	}
	return addr
}

// mix makes a new hash of one, by the finalizer of splitmix64 (Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", 2014): hashing the
// ID and the key together again would cost a pick far more.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// rehash returns the hash by which a key looks for a node at a try. It jumps
// from place to place (Chen, Coleman and Shrivastava, "Revisiting consistent
// hashing with bounded loads", 2019): the keys of a node that cannot be used are
// spread over all others, not dumped on the next one.
func rehash(key uint64, try int) uint64 {
	if try == 0 {
		return key
	}
	return mix(key ^ uint64(try)<<56)
}

// scale returns the place of a hash among n, which is the same part of n as the
// hash is of all hashes. It takes a third of the time of a modulo.
func scale(hash uint64, n int) int {
	hi, _ := bits.Mul64(hash, uint64(n))
	return int(hi)
}

// sweep names every node with a weight once, for keys whose hops led nowhere.
type sweep []uint32

func newSweep(weights []int) sweep {
	var s sweep
	for i, w := range weights {
		if w > 0 {
			s = append(s, uint32(i))
		}
	}
	return s
}

// at returns the node for a try from hops on: all in order, from one that
// depends on the key.
func (s sweep) at(key uint64, try int) int {
	k := max(try-hops, 0)
	if k >= len(s) {
		return -1
	}
	k += scale(mix(key), len(s))
	if k >= len(s) {
		k -= len(s)
	}
	return int(s[k])
}
