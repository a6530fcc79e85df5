package sim

// event is something due at a time: run, or, if that is nil, the end of the
// work in a worker.
type event struct {
	at     int64
	seq    uint64 // of two at the same time, the one that was planned first comes first
	run    func()
	server *server
	worker int32
	stamp  uint32
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// agenda is a binary heap of events.
type agenda []event

func (a *agenda) push(e event) {
	h := append(*a, e)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(&h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
	*a = h
}

func (a *agenda) pop() event {
	h := *a
	first, last := h[0], h[len(h)-1]
	h[len(h)-1] = event{}
	h = h[:len(h)-1]
	*a = h
	if len(h) == 0 {
		return first
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(h) {
			break
		}
		if right := down + 1; right < len(h) && h[right].before(&h[down]) {
			down = right
		}
		if !h[down].before(&last) {
			break
		}
		h[i] = h[down]
		i = down
	}
	h[i] = last
	return first
}

// queue is first in, first out, in a ring that grows.
type queue[T any] struct {
	ring        []T
	head, count int
}

func (q *queue[T]) push(v T) {
	if q.count == len(q.ring) {
		bigger := make([]T, max(16, 2*len(q.ring)))
		n := copy(bigger, q.ring[q.head:])
		copy(bigger[n:], q.ring[:q.head])
		q.ring, q.head = bigger, 0
	}
	q.ring[(q.head+q.count)&(len(q.ring)-1)] = v
	q.count++
}

// front returns the first, which must be there.
func (q *queue[T]) front() *T { return &q.ring[q.head] }

func (q *queue[T]) pop() T {
	v := q.ring[q.head]
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	return v
}

// message is a call, or its answer, on a way that takes all the same time: so
// these need no heap.
type message struct {
	at     int64
	seq    uint64
	call   ticket
	server *server // of a request; nil if it has none yet
	work   float64 // of a request
}
