// Package messages counts what a client sends in the course of a call, between the
// wires, which see each message, and those who observe calls.
package messages

import (
	"context"
	"sync/atomic"
)

// Count is how many messages there were until now. The zero value is none, and one
// may add to a nil one, which nobody reads.
type Count struct{ n atomic.Int64 }

// Add counts one.
func (c *Count) Add() {
	if c != nil {
		c.n.Add(1)
	}
}

// Load is how many there were; none of a nil one.
func (c *Count) Load() int {
	if c == nil {
		return 0
	}
	return int(c.n.Load())
}

// Sent is the key under which a context has the *Count of what a client's call sends.
type Sent struct{}

// Received is that of what a server's call receives.
type Received struct{}

// Broken is the key under which the context of a server's call has what returns why
// the messages that it receives have broken off, as a func() error.
type Broken struct{}

// WhyBroken is that, or nil if they have not.
func WhyBroken(ctx context.Context) error {
	if why, ok := ctx.Value(Broken{}).(func() error); ok {
		return why()
	}
	return nil
}

// Of returns the count that ctx has under a key, Sent or Received, or nil.
func Of(ctx context.Context, key any) *Count {
	c, _ := ctx.Value(key).(*Count)
	return c
}
