package attempt

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// inline is how many instances a Call remembers without another allocation: the
// three attempts of a default retry, and a pick that was not sent.
const inline = 4

// Call is what all attempts of one logical call share: the instances they went
// to, and how often they were turned down there. The zero Call is empty and ready;
// a nil *Call stays empty. Its methods are safe for concurrent use. Do not copy it.
type Call struct {
	n          atomic.Int32 // how many IDs; written under mu
	rejections atomic.Int32

	mu    sync.Mutex // guards first and more
	first [inline]string
	more  []string
}

// From returns the logical call that ctx is an attempt of, the innermost if
// they are nested, and nil if there is none.
func From(ctx context.Context) *Call {
	if c := of(ctx); c != nil {
		return c.call
	}
	return nil
}

// Tried reports whether an attempt went to the instance id.
func (c *Call) Tried(id string) bool {
	if c == nil || c.n.Load() == 0 { // the first pick of a call, nearly always
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.has(id)
}

// Add notes that an attempt goes to the instance id. Adding an ID again, or
// adding to a nil Call, changes nothing.
func (c *Call) Add(id string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has(id) {
		return
	}
	if n := c.n.Load(); n < inline {
		c.first[n] = id
	} else {
		c.more = append(c.more, id)
	}
	c.n.Add(1)
}

// Len returns how many different instances were tried.
func (c *Call) Len() int {
	if c == nil {
		return 0
	}
	return int(c.n.Load())
}

// Reject notes that a policy of this process turned an attempt down after its
// instance was picked, and past the instance's guard. On a nil Call it does nothing.
func (c *Call) Reject() {
	if c != nil {
		c.rejections.Add(1)
	}
}

// Rejections returns how often Reject was called.
func (c *Call) Rejections() int {
	if c == nil {
		return 0
	}
	return int(c.rejections.Load())
}

// has needs c.mu.
func (c *Call) has(id string) bool {
	n := min(int(c.n.Load()), inline)
	return slices.Contains(c.first[:n], id) || slices.Contains(c.more, id)
}
