package lb

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// What is here holds for every process, architecture and release: a change
// sends the keys of every running client to other instances.

func TestHashKeyIsXXH64(t *testing.T) {
	for key, want := range map[string]uint64{ // from the reference implementation
		"":    0xef46db3751d8e999,
		"a":   0xd24ec4f1a98c6e5b,
		"abc": 0x44bc2cf5ad770999,
	} {
		if got := hashKey(key); got != want {
			t.Errorf("the hash of %q is %#x, want %#x", key, got, want)
		}
	}
}

// goldenNodes are instances with all kinds of IDs and their weights.
func goldenNodes() (ids []string, weights []int) {
	return []string{"10.0.0.1:8080", "10.0.0.2:8080", "[2001:db8::1]:8080", "[2001:db8::a]:8080", "sum-7f9c", "sum-é"},
		[]int{1, 2, 3, 1, 5, 1}
}

func TestProperty7GoldenKeys(t *testing.T) {
	for _, test := range []struct{ key, maglev, ring, rendezvous string }{
		{"", "3101", "5114", "5234"},
		{"a", "4202", "4441", "1203"},
		{"user-1", "4254", "1442", "4251"},
		{"user-2", "2444", "2530", "5423"},
		{"10.1.2.3", "2242", "3245", "2405"},
		{"2001:DB8::1", "2103", "2311", "1234"},
		{"2001:db8::1", "2344", "5141", "4510"},
		{"ключ", "4120", "1414", "2431"},
		{"a key that is longer than the thirty-two bytes of a block", "3324", "1344", "4215"},
	} {
		for i, want := range []string{test.maglev, test.ring, test.rendezvous} {
			table := tables[i].build(goldenNodes())
			var got strings.Builder // the first four tries
			for try := range 4 {
				got.WriteByte('0' + byte(table.at(hashKey(test.key), try)))
			}
			if got.String() != want {
				t.Errorf("%s: key %q goes to %s, want %s", tables[i].name, test.key, got.String(), want)
			}
		}
	}
}

// Where ten thousand keys go among a hundred nodes of different weights.
func TestProperty7GoldenDigest(t *testing.T) {
	weights := make([]int, 100)
	for i := range weights {
		weights[i] = 1 + i*i%17
	}
	for i, want := range []uint64{0xeda512a5088866fd, 0x2f589eadeab606f0, 0x71ec1035b466065c} {
		table, all := tables[i].build(serverIDs(100), weights), xxhash.New()
		for _, key := range someKeys(10_000) {
			for try := range 3 {
				all.Write(binary.LittleEndian.AppendUint16(nil, uint16(table.at(key, try))))
			}
		}
		if got := all.Sum64(); got != want {
			t.Errorf("%s: the keys' places hash to %#x, want %#x", tables[i].name, got, want)
		}
	}
}
