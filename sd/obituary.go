package sd

import "time"

// obituary remembers who was removed last.
type obituary []removal

type removal struct {
	at  time.Time
	in  Instance
	why string
}

// remembered is how many removals are kept for an explanation.
const remembered = 64

func (o *obituary) add(at time.Time, in Instance, why string) {
	if len(*o) == remembered {
		*o = append((*o)[:0], (*o)[1:]...)
	}
	*o = append(*o, removal{at, in, why})
}

// lapsedOf is why a removal was believed after a wait.
func lapsedOf(held bool) string {
	if held {
		return "the registry no longer lists it, and has insisted for as long as it was held"
	}
	return "the registry no longer lists it"
}
