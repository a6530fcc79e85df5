package breaker

import (
	"math"
	"sync/atomic"
)

// slots is how many parts a window has; it moves by one part at a time.
const slots = 10

// tally counts what happens in a window that moves along with time, which it is
// told in slots. The zero tally is empty. It takes no lock: each slot is one
// word, its number above and its count below.
type tally [slots]atomic.Uint64

// add counts once in slot.
func (t *tally) add(slot uint32) {
	word := &t[slot%slots]
	for {
		old := word.Load()
		next := old + 1
		switch ahead := int32(slot - uint32(old>>32)); {
		case ahead < 0:
			return // it took so long to get here that the window has moved past it
		case ahead > 0:
			next = uint64(slot)<<32 | 1
		case uint32(old) == math.MaxUint32:
			return
		}
		if word.CompareAndSwap(old, next) {
			return
		}
	}
}

// sum returns how many there were in the window that ends with slot.
func (t *tally) sum(slot uint32) (n int) {
	for i := range t {
		if word := t[i].Load(); slot-uint32(word>>32) < slots {
			n += int(uint32(word))
		}
	}
	return n
}
