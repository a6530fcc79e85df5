package conns

import (
	"math"
	"testing"
)

// TestMoreDescriptorsAreNeverLessRoom: containers often have a billion.
func TestMoreDescriptorsAreNeverLessRoom(t *testing.T) {
	before := 0
	for _, n := range []uint64{0, 3, 256, 1024, 1 << 20, 1 << 22, 1<<22 + 4, 1 << 30, math.MaxUint64} {
		room := quarter(n)
		if room < 1 || room < before {
			t.Errorf("%d descriptors: room for %d, and for %d with fewer of them", n, room, before)
		}
		before = room
	}
}
