package sdtest

import (
	"context"
	"slices"

	"github.com/kitgen/kitgen/sd"
)

func watchEnds(c *check) {
	c.hold(instance(1))
	w := c.watch()
	w.awaitIDs("i001")
	w.end()
	c.watch().end()
}

func watchDead(c *check) {
	c.hold(instance(1))
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	for range 3 {
		c.watchBy(ctx, c.Watcher(c.service)).end()
	}
}

// watchAgain is what an Instancer does after an error.
func watchAgain(c *check) {
	c.hold(instance(1))
	watcher := c.Watcher(c.service)
	for n := range 2 {
		w := c.watchBy(context.WithoutCancel(c.Context()), watcher)
		w.awaitIDs("i001")
		if n == 0 {
			w.end()
			continue
		}
		c.hold(instance(2))
		w.awaitIDs("i001", "i002")
	}
}

// lateUpdate changes the set after a Watch returned, until others have seen
// that: whoever goes on in the background has seen it as well.
func lateUpdate(c *check) {
	c.hold(instance(0))
	w, other := c.watch(), c.watch()
	w.awaitIDs("i000")
	w.end()
	sets := len(w.history())
	there := []string{"i000"}
	for n := 1; n <= 3; n++ {
		c.hold(instance(n))
		there = append(there, instance(n).ID)
		other.awaitIDs(slices.Clone(there)...)
	}
	if late := w.history()[sets:]; len(late) > 0 {
		c.broken("after it had returned came %s", show(late))
	}
}

func poison(c *check) {
	w := c.watch()
	c.hold(instance(1))
	w.awaitIDs("i001")
	if err := c.Poison(c.service); err != nil {
		c.Fatalf("Backend.Poison: %v", err)
	}
	c.hold(instance(2))
	both := func(set []sd.Instance) bool {
		one, is1 := find(set, "i001")
		two, is2 := find(set, "i002")
		return is1 && is2 && one.Validate() == nil && two.Validate() == nil
	}
	w.await(`"i001" and "i002" beside the poison`, both)
	c.watch().await(`"i001" and "i002" beside the poison`, both)
	for n, set := range w.history() {
		if _, is := find(set, "i001"); n > 0 && !is && len(w.history()[n-1]) > 0 {
			c.broken("it hid %q: %s", "i001", show(w.history()))
		}
	}
}

// end ends the Watch and waits until it has returned.
func (w *watching) end() {
	w.c.Helper()
	w.cancel()
	if !w.ended() {
		w.c.broken("Watch did not return within %s of the end of its ctx", w.c.Patience)
	}
}
