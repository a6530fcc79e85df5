package apikey

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/kitgen/kitgen/middleware/auth"
)

// table is a set of keys, immutable. Digests and entries have the same order.
type table struct {
	digests [][sha256.Size]byte
	entries []entry
}

type entry struct {
	principal auth.Principal
	notAfter  time.Time
}

func newTable(keys []Key) (*table, error) {
	t := &table{}
	first := make(map[[sha256.Size]byte]int, len(keys))
	for i, k := range keys {
		d, mend := k.digest()
		if mend != "" {
			return nil, fmt.Errorf("apikey: Config.Keys[%d].%s", i, mend)
		}
		if j, ok := first[d]; ok {
			return nil, fmt.Errorf("apikey: Config.Keys[%d] is the same key as Keys[%d]: want one caller for each", i, j)
		}
		first[d] = i
		t.digests = append(t.digests, d)
		t.entries = append(t.entries, entry{
			auth.Principal{ID: k.ID, Method: "apikey", Scopes: slices.Clone(k.Scopes)}, k.NotAfter,
		})
	}
	return t, nil
}

// find returns the entry of a key, nil if there is none. It looks at all of
// them, whichever matches.
func (t *table) find(key string) *entry {
	if len(key) > maxKey {
		return nil // no key is that long, so this tells nothing of one
	}
	d := sha256.Sum256([]byte(key))
	found := 0 // one more than the index
	for i := range t.digests {
		same := subtle.ConstantTimeCompare(d[:], t.digests[i][:])
		found = subtle.ConstantTimeSelect(same, i+1, found)
	}
	if found == 0 {
		return nil
	}
	return &t.entries[found-1]
}

func (e *entry) expired() bool {
	return !e.notAfter.IsZero() && time.Now().After(e.notAfter)
}
