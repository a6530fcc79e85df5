package attempt

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestCallRemembersDistinctInstances(t *testing.T) {
	var c Call // the zero value is ready
	for i := range inline + 4 {
		id := fmt.Sprint("node", i)
		if c.Tried(id) {
			t.Errorf("Tried(%s) before Add", id)
		}
		c.Add(id)
		c.Add(id) // again: no change
		if !c.Tried(id) {
			t.Errorf("not Tried(%s) after Add", id)
		}
		if c.Len() != i+1 {
			t.Errorf("Len = %d after %d instances", c.Len(), i+1)
		}
	}
	if !c.Tried("node0") || c.Tried("other") {
		t.Error("spilling lost or invented an instance")
	}
}

func TestNilCallIsEmpty(t *testing.T) {
	var c *Call
	c.Add("a")
	if c.Tried("a") || c.Len() != 0 {
		t.Error("a nil Call remembered something")
	}
	c.Reject()
	if n := c.Rejections(); n != 0 {
		t.Errorf("nobody was turned down %d times", n)
	}
	var one Call
	one.Reject()
	if n := one.Rejections(); n != 1 {
		t.Errorf("once is %d times", n)
	}
}

func TestCallDoesNotAllocateInline(t *testing.T) {
	ids := [inline]string{"a", "b", "c", "d"}
	var c *Call
	n := testing.AllocsPerRun(100, func() {
		c = new(Call)
		for _, id := range ids {
			c.Add(id)
		}
	})
	if n > 1 { // the Call itself
		t.Errorf("%v allocations for %d instances, want the Call alone", n, inline)
	}
}

func TestFromFindsInnermostCall(t *testing.T) {
	if From(t.Context()) != nil || Number(t.Context()) != 0 || Limited(t.Context()) {
		t.Error("a context without an attempt has one")
	}
	outer := Start(t.Context(), time.Minute)
	defer outer.End()
	From(outer).Add("a")

	type key struct{}
	derived, cancel := context.WithCancel(context.WithValue(outer, key{}, 1))
	defer cancel()
	if From(derived) != From(outer) {
		t.Error("a derived context lost its call")
	}

	inner := Start(derived, time.Minute)
	defer inner.End()
	if From(inner) == From(outer) || From(inner).Tried("a") {
		t.Error("a nested call shares the outer one's instances")
	}
	if inner.Value(key{}) != 1 {
		t.Error("a value of the parent is lost")
	}
}

func TestNextSharesCallAndCounts(t *testing.T) {
	first := Start(t.Context(), time.Minute)
	From(first).Add("a")
	first.End()
	second := first.NextWith(Options{})
	defer second.End()
	if !From(second).Tried("a") {
		t.Error("the second attempt does not know where the first went")
	}
	if Number(first) != 1 || Number(second) != 2 {
		t.Errorf("numbers %d, %d, want 1, 2", Number(first), Number(second))
	}
	if !Limited(first) || Limited(second) {
		t.Error("only the first attempt has a timeout of its own")
	}
	if second.Err() != nil {
		t.Errorf("the second attempt ended with the first: %v", second.Err())
	}
}

func TestCallInParallel(t *testing.T) { // for the race detector
	c := From(Start(t.Context(), 0))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := fmt.Sprint(i % 10)
			c.Add(id)
			if !c.Tried(id) {
				t.Errorf("%s is lost", id)
			}
		})
	}
	wg.Wait()
	if c.Len() != 10 {
		t.Errorf("Len = %d, want 10", c.Len())
	}
}
